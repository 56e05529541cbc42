package adversary

import (
	"context"
	"encoding/base64"
	"fmt"

	"meterbench/bench/result"
	"meterbench/simulators/pki"
)

// PublishedConfig describes the attempts on the publication's own contract, "blockmeter".
type PublishedConfig struct {
	Seed     uint64
	Attempts int    // of each kind, at least 2
	Prefix   string // of the meters' ids
	Owner    Ledger // who registers meters
	Other    Ledger // a client of another organisation
}

// A publishedStage is the parties of the attempts.
type publishedStage struct{ PublishedConfig }

// publishedDesign says what becomes of attempts on the published contract, which checks nobody.
func publishedDesign() Design {
	return Design{
		map[string]result.Trust{result.ProbeNoRight: result.TrustMember, result.ProbeTakeRegister: result.TrustMember, result.ProbeReplayRotated: result.TrustMember},
		map[string][]string{result.ProbeWrongDigest: {"false"}, result.ProbeOtherSigner: {"false"}},
	}
}

// ProbePublished makes every kind of attempt on the publication's own contract, as ProbeKeys does on ours.
func ProbePublished(ctx context.Context, config PublishedConfig) (result.Integrity, error) {
	s := publishedStage{config}
	return Try(ctx, result.SystemPublished, []Kind{
		{result.ProbeHonestRegister, true, s.registers(s.Owner, "meter", "meter")},
		{result.ProbeHonestVerify, true, s.verifies("meter", "meter", message)},
		{result.ProbeWrongDigest, false, s.verifies("meter", "meter", []byte("another reading"))},
		{result.ProbeOtherSigner, false, s.verifies("meter", "stranger", message)},
		{result.ProbeNoRight, false, s.registers(s.Other, "invented", "invented")},
		{result.ProbeTakeRegister, false, s.registers(s.Other, "meter", "stranger")},
		{result.ProbeReplayRotated, false, s.registers(s.Other, "meter", "meter")}, // what the owner sent before its key was replaced
	}, publishedDesign(), config.Attempts)
}

// registers has a party register a key for a meter, by whose signature the meter is then known.
func (s publishedStage) registers(by Ledger, meter, key string) Attempt {
	return func(ctx context.Context, i uint64) error {
		signer, err := s.signer(key, i)
		if err != nil {
			return err
		}
		if err := invoke(ctx, by, pki.FnRegisterMeter, s.id(meter, i), signer.Public()); err != nil {
			return err
		}
		return s.verifies(meter, key, message)(ctx, i)
	}
}

// verifies has the contract verify a signature by a key as if it were a meter's, over what the verifier has.
func (s publishedStage) verifies(meter, key string, had []byte) Attempt {
	return func(ctx context.Context, i uint64) error {
		signer, err := s.signer(key, i)
		if err != nil {
			return err
		}
		signature, err := signer.Sign(pki.Digest(pki.P256, message))
		if err != nil {
			return err
		}
		answer, err := s.Owner.Evaluate(ctx, pki.FnCheckSignature, s.id(meter, i), had, []byte(base64.StdEncoding.EncodeToString(signature)))
		if err != nil {
			return decided(err)
		}
		if string(answer) != "true" {
			return Refused(answer)
		}
		return nil
	}
}

func (s publishedStage) id(meter string, i uint64) []byte {
	return fmt.Appendf(nil, "%s-%s-%d", s.Prefix, meter, i)
}

func (s publishedStage) signer(key string, i uint64) (*pki.Signer, error) {
	return pki.NewSigner(s.Seed, pki.P256, fmt.Sprintf("published %s %d", key, i))
}
