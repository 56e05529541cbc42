package fe_test

import (
	"context"
	"fmt"

	"meterbench/simulators/fe"
)

// A sensor encrypts three values under the public key. The holder of the key for a
// function learns its value, here a bill of two prices, and nothing else.
func Example() {
	ctx := context.Background()
	authority, err := fe.Setup(ctx, fe.Params{Scheme: "ecddh", Bits: 256, Length: 3, Bound: 1000})
	if err != nil {
		fmt.Println(err)
		return
	}
	public := authority.Encryptor().Public()
	sensor, err := fe.NewEncryptor(public)
	if err != nil {
		fmt.Println(err)
		return
	}
	ciphertext, err := sensor.Encrypt([]int64{250, 410, 180})
	if err != nil {
		fmt.Println(err)
		return
	}
	key, err := authority.Derive([]int64{30, 30, 20})
	if err != nil {
		fmt.Println(err)
		return
	}
	tables, err := fe.NewTables(fe.TableConfig{Entries: 1 << 12}) // small: nothing is kept
	if err != nil {
		fmt.Println(err)
		return
	}
	gateway, err := fe.NewEvaluator(ctx, public, tables)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(gateway.Evaluate(ctx, ciphertext, key))
	// Output: 23400 <nil>
}
