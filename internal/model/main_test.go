package model

import (
	"testing"

	"github.com/holdfast-storage/holdfast/test/fixed"
)

func TestMain(m *testing.M) { fixed.Cases(m) }
