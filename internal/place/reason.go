package place

import (
	"fmt"
	"strconv"
)

// Reason puts into words why the pool has its state.
func (v *Verdict) Reason() string {
	switch v.Code {
	case CodeChosen:
		return "chosen"
	case CodeNotNeeded:
		return "would serve, but no further replica is needed"
	case CodeUnsatisfied:
		return "would serve, but not enough others would"
	case CodeLowerScore:
		return "would serve, but others score higher"
	case CodeNodeTaken:
		return "pool " + v.why.subject + " of the same node was chosen"
	case CodeNoFit:
		if v.why.found == "" {
			return v.why.subject
		}
		return v.why.subject + " of node " + v.why.found
	}
	return v.why.text(v.Pool)
}

// text puts a rejection into words.
func (y *why) text(p *Pool) string {
	if s := y.textNode(); s != "" {
		return s
	}
	switch y.code {
	case CodeMinIOSize:
		return fmt.Sprintf("minimum IO size is %d bytes, the resource has been in use with %d", y.have, y.want)
	case CodeNoCapacity:
		return "the capacity of the pool is not known"
	case CodeSpace:
		return "needs " + sizeText(y.want) + ", " + usableText(p)
	case CodeThinFree:
		return fmt.Sprintf("thin pool has %s free, %s demands %s", sizeText(y.have), KeyMinThinFree, minText(p, y.want))
	case CodePoolNotListed:
		return "the pool is not in the list: " + y.subject
	case CodeKindNotListed:
		return "kind " + y.subject + " is not in the list of providers"
	case CodeSharedSpace:
		return "the replica on node " + y.found + " already uses shared space " + y.subject
	case CodeMixing:
		return "kind " + y.subject + " does not mix with what is deployed: " + y.found
	}
	return string(y.code)
}

// textNode puts a rejection that concerns the whole node into words.
func (y *why) textNode() string {
	switch y.code {
	case CodeUnknownNode:
		return "the node is not known"
	case CodeWrongClass:
		return "not a pool for " + y.subject + " replicas"
	case CodeOffline:
		return "the node is offline" + inBrackets(y.found)
	case CodeDeleting:
		return "the node is being deleted"
	case CodeEvacuating:
		return "the node is being evacuated"
	case CodeEvicted:
		return "the node is evicted"
	case CodeNotListed:
		return "the node is not in the list: " + y.subject
	case CodeSame:
		return "replicas_on_same asks for " + y.subject + ", the node has " + y.found
	case CodeForbiddenValue:
		return "replicas_on_different excludes nodes with " + y.subject
	case CodeDifferent:
		return fmt.Sprintf("nodes with %s hold %s of at most %d", y.found, plural(y.have, "replica"), y.want)
	case CodeAutoplaceTarget:
		return "AutoplaceTarget is false for the " + y.subject
	case CodeLayer, CodeProvider:
		return "the node does not support " + y.subject + inBrackets(y.found)
	case CodeDeployed:
		if y.subject == "deleting" {
			return "a replica on the node is still being deleted"
		}
		return "the node already has a " + y.subject + " replica"
	case CodeNotWith:
		return "the node has resource " + y.subject + ", which is to be kept apart"
	case CodeVeto:
		return y.found
	}
	return ""
}

// usableText shows how the usable space of a pool comes about.
func usableText(p *Pool) string {
	usable := sizeText(UsableKiB(p)) + " usable: "
	if !p.Thin {
		if p.PendingKiB > 0 {
			return usable + "free " + sizeText(p.FreeKiB) + " − pending " + sizeText(p.PendingKiB)
		}
		return usable + "free " + sizeText(p.FreeKiB)
	}
	if scale(p.FreeKiB, p.RatioFree) <= scale(p.TotalKiB, p.RatioTotal)-p.promisedKiB() {
		return usable + "free " + sizeText(p.FreeKiB) + " × ratio " + ratioText(p.RatioFree)
	}
	return usable + "total " + sizeText(p.TotalKiB) + " × ratio " + ratioText(p.RatioTotal) +
		" − promised " + sizeText(p.promisedKiB())
}

func minText(p *Pool, floor int64) string {
	if p.MinThinFree.Percent > 0 && p.MinThinFree.KiB < floor {
		return sizeText(floor) + " (" + strconv.FormatFloat(p.MinThinFree.Percent, 'f', -1, 64) + "% of " +
			sizeText(p.TotalKiB) + ")"
	}
	return sizeText(floor)
}

func ratioText(r float64) string {
	s := strconv.FormatFloat(r, 'f', -1, 64)
	if r == float64(int64(r)) {
		s += ".0"
	}
	return s
}

// sizeText rounds down, so that a size that does not suffice never looks as if it did.
func sizeText(kib int64) string {
	const units = "KMGTP"
	n, unit := float64(kib), 0
	for n >= 1024 && unit < len(units)-1 {
		n, unit = n/1024, unit+1
	}
	prec := 100.0
	if unit == 0 {
		prec = 1
	}
	n = float64(int64(n*prec)) / prec
	return strconv.FormatFloat(n, 'f', -1, 64) + " " + units[unit:unit+1] + "iB"
}

func inBrackets(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}

func plural(n int64, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return strconv.FormatInt(n, 10) + " " + word + "s"
}
