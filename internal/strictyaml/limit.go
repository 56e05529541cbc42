package strictyaml

import "fmt"

// Limit is a row of a table of limits of what files may ask for. Most is written as errors and documentation name it, and
// comes from the constant that is checked.
type Limit struct {
	Of   string
	Most string
}

// SizeLimits returns those of every file, and of every override.
func SizeLimits() []Limit {
	return []Limit{
		{"the file", fmt.Sprintf("%d KiB", MaxBytes>>10)},
		{"values in values", fmt.Sprintf("%d deep", MaxDepth)},
		{"items of a list", fmt.Sprint(MaxItems)},
	}
}
