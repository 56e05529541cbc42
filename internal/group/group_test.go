package group_test

import (
	"fmt"

	"meterbench/internal/group"
)

func ExampleBy() {
	for _, one := range group.By([]string{"peer0", "orderer0", "peer1", "client"}, func(name string) byte { return name[0] }) {
		fmt.Println(one)
	}
	// Output:
	// [peer0 peer1]
	// [orderer0]
	// [client]
}
