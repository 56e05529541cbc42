// Package group cuts lists into groups.
package group

// By cuts items into groups of one key each, in order of first appearance.
func By[K comparable, T any](items []T, key func(T) K) (groups [][]T) {
	place := map[K]int{}
	for _, item := range items {
		k := key(item)
		i, known := place[k]
		if !known {
			i = len(groups)
			place[k], groups = i, append(groups, nil)
		}
		groups[i] = append(groups[i], item)
	}
	return groups
}
