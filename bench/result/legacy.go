package result

import (
	"cmp"
	"strings"
)

// Upgrade fills in what runs of older versions tell only in words or in counts: the roles of processes, limits, warnings,
// the factors of series, points at which nothing succeeded, the system that probes were tried on and the verdict of the audit. What is stored otherwise stays
// as it is.
func (s *Summary) Upgrade() {
	s.Notices = notices(s.Notices, s.Warnings)
	for i := range s.Points {
		p := &s.Points[i]
		p.answer()
		if p.Conditions.Fabric != "" {
			p.Conditions.Driver = cmp.Or(p.Conditions.Driver, DriverWire)
			if p.Conditions.Driver == driverStream {
				p.Conditions.Driver = DriverWire
			}
		}
		p.Notices = notices(p.Notices, p.Warnings)
		p.MarkFailed()
		p.Limit = cmp.Or(p.Limit, parseLimit(p.LimitedBy))
		if p.Factors == nil {
			p.Factors = parseFactors(p.Series)
		}
		if p.Roles == nil && len(p.CPU) > 0 {
			p.Roles = map[string]Role{}
			for name := range p.CPU {
				p.Roles[name] = roleOf(name)
			}
		}
	}
	for i := range s.Saturation {
		f := &s.Saturation[i]
		f.Limit = cmp.Or(f.Limit, parseLimit(f.LimitedBy))
	}
	for i := range s.Uncertainty {
		b := &s.Uncertainty[i]
		b.Factor = cmp.Or(b.Factor, Coverage)
	}
	if s.Integrity != nil {
		for i := range s.Integrity.Probes {
			p := &s.Integrity.Probes[i]
			p.System = cmp.Or(p.System, SystemLedger)
		}
	}
	if s.Audit != nil {
		s.Audit.Verdict = s.Audit.Judge()
	}
}

// notices returns the typed warnings, made of the sentences where there are none.
func notices(typed []Warning, sentences []string) []Warning {
	if typed != nil {
		return typed
	}
	for _, text := range sentences {
		typed = append(typed, Warning{Code: Untyped, Text: text})
	}
	return typed
}

// parseLimit is the inverse of Limit.String, and zero for another text.
func parseLimit(text string) Limit {
	for _, kind := range []LimitKind{LimitCap, LimitHost, LimitDisk, LimitCommit, LimitCore} {
		if name, ok := strings.CutPrefix(text, kind.before()); ok {
			for _, p := range Processes() {
				if name == p.String() {
					return Limit{Kind: kind, Node: p.Name, Role: p.Role}
				}
			}
			return Limit{Kind: kind, Node: name, Role: roleOf(name)}
		}
	}
	for _, kind := range []LimitKind{LimitUnknown, LimitUnseen} {
		if part, ok := strings.CutPrefix(text, string(kind)+grown); ok {
			return Limit{Kind: kind, Part: part}
		}
	}
	switch kind := LimitKind(text); kind {
	case LimitGateway, LimitEndorser, LimitBatchTimer, LimitFailures, LimitClient, LimitSlots, LimitNone, LimitUnknown, LimitUnseen:
		return Limit{Kind: kind}
	}
	return Limit{}
}

// roleOf returns the role of a process by its name: chaincode.<peer>, orderer<n>, device, client, other,
// steal, or else a peer's.
func roleOf(process string) Role {
	switch role := Role(process); role {
	case RoleDevice, RoleClient, RoleOther, RoleSteal:
		return role
	}
	for _, role := range []Role{RoleChaincode, RoleOrderer} {
		if strings.HasPrefix(process, string(role)) {
			return role
		}
	}
	return RolePeer
}

// parseFactors returns the factors that a series is named after: plain/batch=2s,10/caps=peer:0.5.
func parseFactors(series string) (all []Factor) {
	_, parts, _ := strings.Cut(series, "/")
	for part := range strings.SplitSeq(parts, "/") {
		if key, label, ok := strings.Cut(part, "="); ok {
			all = append(all, Factor{key, label})
		}
	}
	return all
}
