package cli

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

var sizeUnits = []string{"KiB", "MiB", "GiB", "TiB", "PiB"}

// FormatSize is a size for people: a whole number when it is exact in the unit,
// else two decimals.
func FormatSize(sizeKiB int64) string {
	unit := 0
	div := int64(1)
	for unit < len(sizeUnits)-1 && sizeKiB/div >= 1024 {
		div *= 1024
		unit++
	}
	if sizeKiB%div == 0 {
		return fmt.Sprintf("%d %s", sizeKiB/div, sizeUnits[unit])
	}
	return fmt.Sprintf("%.2f %s", float64(sizeKiB)/float64(div), sizeUnits[unit])
}

// bytesPerUnit is what the units of sizes on input stand for.
var bytesPerUnit = map[string]int64{
	"B": 1, "S": 512,
	"K": 1 << 10, "KIB": 1 << 10, "KB": 1e3,
	"M": 1 << 20, "MIB": 1 << 20, "MB": 1e6,
	"G": 1 << 30, "GIB": 1 << 30, "GB": 1e9,
	"T": 1 << 40, "TIB": 1 << 40, "TB": 1e12,
	"P": 1 << 50, "PIB": 1 << 50, "PB": 1e15,
}

// ParseSize reads a size such as 10G and gives KiB, rounded up. unit is used when
// the text has none.
func ParseSize(text, unit string) (int64, error) {
	n, suffix := splitNumber(text)
	if n == "" {
		return 0, fmt.Errorf("'%s' is not a valid size; write a number with a unit, such as 500M or 10GiB", text)
	}
	if suffix == "" {
		suffix = unit
	}
	per, ok := bytesPerUnit[strings.ToUpper(suffix)]
	if !ok {
		return 0, fmt.Errorf("'%s' is not a valid size: unknown unit '%s', use B, S, K, kB, KiB, M, MB, MiB, G, GB, GiB, T, TB, TiB, P, PB or PiB", text, suffix)
	}
	count, ok := new(big.Int).SetString(n, 10)
	if !ok {
		return 0, fmt.Errorf("'%s' is not a valid size", text)
	}
	count.Mul(count, big.NewInt(per))
	count.Add(count, big.NewInt(1023)).Rsh(count, 10)
	if !count.IsInt64() {
		return 0, fmt.Errorf("'%s' is too large", text)
	}
	return count.Int64(), nil
}

func splitNumber(text string) (number, suffix string) {
	text = strings.TrimSpace(text)
	end := strings.IndexFunc(text, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(text)
	}
	return text[:end], strings.TrimSpace(text[end:])
}

// SizeArg reads a volume size, whose unit is GiB unless it is given.
func SizeArg(text string) (int64, error) {
	n, err := ParseSize(text, "GiB")
	if err != nil {
		return 0, Usagef("Error: %s", err)
	}
	return n, nil
}

// IntList joins numbers.
func IntList[T ~int32 | ~int64](list []T, sep string) string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = strconv.FormatInt(int64(n), 10)
	}
	return strings.Join(out, sep)
}
