package fe

// MinClass is the least number of values that a function may add up with one weight, where it may not reveal single
// values: so a term of a result stays unknown even to those who know two others. It is the threshold rule of official
// statistics, which ask for at least three contributors (Hundepool et al., "Statistical Disclosure Control", Wiley 2012,
// chapter 4), with one to spare.
const MinClass = 4

// A Partition divides the values of a vector into classes: two values are of one class if each function of a list
// gives them the same weight. Values to which no function gives any weight are a class of their own, about which the
// functions say nothing. A Partition is immutable.
//
// It bounds what all functions together reveal of a vector. Let S_c be the sum of the values in class c. Each result is a
// sum of w_c*S_c, and so is every combination of results and of keys, whatever the factors: integers, or integers modulo
// the order of a group. So the S_c determine everything that the holder of all keys can compute of a vector. Therefore:
//
//   - Values of one class may change places, and no result changes. Under every prior in which these values are
//     exchangeable, whatever it says of their sizes, each has the same posterior: no positional system, lattice or
//     enumeration tells them apart. It is also what the schemes promise: ciphertexts of two vectors cannot be told apart
//     by the holder of keys of functions on which the vectors agree.
//   - If values are from 0 to R, each of a class of n >= 2 with the sum S has at least 1 + min(R, S, n*R-S) candidates: it
//     can have any size from max(0, S-(n-1)*R) to min(R, S), since the others can make up the rest of S and nothing else
//     needs to change. So there is only one if S is 0 or n*R, the edges of every sum.
//
// Neither says how large values may be. Vectors are evaluated one by one, so results of several reveal no more of each.
// What remains is what a sum tells anybody who knows more: all values where it lies at an edge, the last value to whoever
// knows the others, about how large each is where they are alike.
type Partition struct {
	class []int // by value; 0 has no weight in any function
}

// NewPartition returns the partition of so many values by no function: one class without weights.
func NewPartition(length int) Partition { return Partition{make([]int, length)} }

// Refine returns the partition by one more function, which has as many weights as there are values.
func (p Partition) Refine(weights []int64) Partition {
	type mark struct {
		class  int
		weight int64
	}
	refined := Partition{make([]int, len(p.class))}
	numbers := map[mark]int{{0, 0}: 0}
	for j, class := range p.class {
		m := mark{class, weights[j]}
		number, known := numbers[m]
		if !known {
			number = len(numbers)
			numbers[m] = number
		}
		refined.class[j] = number
	}
	return refined
}

// Smallest returns the first value of the smallest class with weights, and the number of its values. Both are -1 where
// no function gives any.
func (p Partition) Smallest() (value, size int) {
	sizes := map[int]int{}
	for _, class := range p.class {
		sizes[class]++
	}
	value, size = -1, -1
	for j, class := range p.class {
		if n := sizes[class]; class > 0 && (size < 0 || n < size) {
			value, size = j, n
		}
	}
	return value, size
}

// Reveals reports whether a class with weights has fewer than MinClass values, and returns the first value of the
// smallest one and their number.
func (p Partition) Reveals() (value, size int, reveals bool) {
	value, size = p.Smallest()
	return value, size, size >= 0 && size < MinClass
}
