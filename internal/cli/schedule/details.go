package schedule

import (
	"encoding/json"
	"fmt"

	"github.com/holdfast-storage/holdfast/internal/cli"
	"github.com/holdfast-storage/holdfast/internal/cli/table"
)

// level is v1.ScheduleDetails with levels that may be absent: not set is not the
// same as disabled.
type level struct {
	RemoteName   string `json:"remote_name"`
	ScheduleName string `json:"schedule_name"`
	Ctrl         *bool  `json:"ctrl"`
	RscGrp       *bool  `json:"rsc_grp"`
	RscDfn       *bool  `json:"rsc_dfn"`
}

func showDetails(c *cli.Call, raw []byte) error {
	if c.G.Machine {
		return c.PrintJSON(json.RawMessage(raw))
	}
	var l struct {
		Data []level `json:"data"`
	}
	if err := json.Unmarshal(raw, &l); err != nil {
		return fmt.Errorf("schedules of resource: %w", err)
	}
	t := c.Table().Columns("Remote", "Schedule", "Resource-Definition", "Resource-Group", "Controller")
	for _, d := range l.Data {
		decided := false
		rd := state(d.RscDfn, &decided)
		rg := state(d.RscGrp, &decided)
		t.Row(table.Text(d.RemoteName), table.Text(d.ScheduleName), rd, rg, state(d.Ctrl, &decided))
	}
	return t.Render(c.Env.Out)
}
