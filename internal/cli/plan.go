package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/cli/table"
)

// showPlan shows what a dry run found.
func (c *Call) showPlan(p *v1.Plan, raw []byte) error {
	if c.G.Machine {
		return c.PrintJSON(json.RawMessage(raw))
	}
	c.Printf("%s\n", c.Paint("DRY RUN: nothing was changed", table.Yellow))
	for _, rc := range p.Messages {
		c.ShowReply(rc)
	}
	if len(p.Changes) == 0 && len(p.Nodes) == 0 && len(p.Placement) == 0 {
		c.Printf("Nothing would be changed.\n")
	}
	c.planChanges(p.Changes)
	for _, n := range p.Nodes {
		c.planNode(n)
	}
	c.planRedundancy(p.Redundancy)
	if err := c.planPlacement(p.Placement); err != nil {
		return err
	}
	if v1.HasError(p.Messages) {
		return &Exit{Code: ExitAPI}
	}
	return nil
}

func (c *Call) planChanges(changes []v1.PlanChange) {
	if len(changes) == 0 {
		return
	}
	c.Printf("\nChanges:\n")
	marks := map[v1.PlanAction]string{
		v1.PlanActionCreate:  c.Paint("+", table.Lime),
		v1.PlanActionModify:  c.Paint("~", table.Yellow),
		v1.PlanActionDestroy: c.Paint("-", table.Red),
	}
	for _, ch := range changes {
		mark, ok := marks[ch.Action]
		if !ok {
			mark = "?"
		}
		line := fmt.Sprintf("  %s %s %s", mark, ch.Object, ch.Name)
		if ch.Node != "" {
			line += " on " + ch.Node
		}
		if ch.Details != "" {
			line += ": " + ch.Details
		}
		c.Printf("%s\n", line)
	}
}

func (c *Call) planNode(n v1.NodePlan) {
	switch {
	case !n.Reachable:
		c.Printf("\nNode %s: %s\n", n.Node, c.Paint(strings.TrimSpace("cannot be asked. "+n.Why), table.Red))
	case len(n.Steps) == 0:
		c.Printf("\nNode %s: nothing to do at first\n", n.Node)
	default:
		c.Printf("\nNode %s:\n", n.Node)
	}
	for i, s := range n.Steps {
		command := s.Command
		if s.Destructive {
			command = c.Paint(command, table.Red) + "   (destroys data)"
		}
		c.Printf("  %2d. %s\n", i+1, command)
		var about []string
		if s.Resource != "" {
			object := s.Resource
			if s.Volume != nil {
				object += fmt.Sprintf("/%d", *s.Volume)
			}
			about = append(about, object)
		}
		if s.Layer != "" {
			about = append(about, s.Layer)
		}
		if s.Why != "" {
			about = append(about, s.Why)
		}
		if len(about) > 0 {
			c.Printf("      for: %s\n", strings.Join(about, ", "))
		}
		if s.Effect != "" {
			c.Printf("      effect: %s\n", s.Effect)
		}
	}
}

func (c *Call) planRedundancy(changes []v1.RedundancyChange) {
	if len(changes) == 0 {
		return
	}
	c.Printf("\nRedundancy:\n")
	for _, r := range changes {
		c.Printf("  %s: %s -> %s\n", r.Resource, r.Before, r.After)
		if r.Warning != "" {
			c.Printf("    %s\n", c.Paint(r.Warning, table.Red))
		}
	}
}

func (c *Call) planPlacement(list []v1.PlacementVerdict) error {
	if len(list) == 0 {
		return nil
	}
	c.Printf("\nPlacement:\n")
	t := c.Table().Columns("Node", "StoragePool", "Verdict").Right("Score").Columns("Reason")
	for _, v := range list {
		color := table.None
		switch strings.ToLower(v.Verdict) {
		case "chosen", "selected":
			color = table.Lime
		case "rejected", "excluded":
			color = table.Red
		}
		score := ""
		if v.Score != 0 {
			score = fmt.Sprintf("%.2f", v.Score)
		}
		t.Row(table.Text(v.Node), table.Text(v.StoragePool), table.Colored(v.Verdict, color), table.Text(score), table.Text(v.Reason))
	}
	return t.Render(c.Env.Out)
}
