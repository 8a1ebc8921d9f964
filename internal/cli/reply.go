package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli/table"
)

// Change shows the answer of one change and gives what the command ends with.
func (c *Call) Change(r *client.Reply, err error) error {
	return c.Each([]string{""}, func(string) (*client.Reply, error) { return r, err })
}

// Each makes one change per name and shows all answers together. An answer that
// says error does not keep the others from being made.
func (c *Call) Each(names []string, change func(name string) (*client.Reply, error)) error {
	var rcs []v1.ApiCallRc
	var raw []json.RawMessage
	for _, name := range names {
		r, err := change(name)
		var api *client.APIError
		switch {
		case errors.As(err, &api) && len(api.RCs) > 0:
			rcs = append(rcs, api.RCs...)
			raw = append(raw, rawList(api.Raw)...)
		case err != nil:
			if showErr := c.showReplies(rcs, raw); showErr != nil && len(rcs) > 0 {
				return errors.Join(showErr, err)
			}
			return err
		case c.G.Curl:
		case r.Plan != nil:
			if err := c.showPlan(r.Plan, r.Raw); err != nil {
				return err
			}
		default:
			rcs = append(rcs, r.RCs...)
			raw = append(raw, rawList(r.Raw)...)
		}
	}
	if c.G.Curl || c.G.DryRun && len(rcs) == 0 {
		return nil
	}
	return c.showReplies(rcs, raw)
}

func rawList(raw []byte) []json.RawMessage {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	return list
}

// showAPIError shows a failed call and gives the exit code.
func (c *Call) showAPIError(e *client.APIError) int {
	if len(e.RCs) == 0 {
		fmt.Fprintf(c.Env.Err, "Error: HTTP-Status(%d)/%s\n", e.Status, e.Error())
		return ExitUnknown
	}
	return c.App.fail(c, c.showReplies(e.RCs, rawList(e.Raw)))
}

// showReplies shows messages; an error or, if asked for, a warning among them
// gives an Exit.
func (c *Call) showReplies(rcs []v1.ApiCallRc, raw []json.RawMessage) error {
	if c.G.Machine {
		if len(raw) == 0 {
			raw = []json.RawMessage{}
		}
		return c.PrintJSON(raw)
	}
	code := ExitOK
	for _, rc := range rcs {
		c.ShowReply(rc)
		if rc.RetCode.IsError() || rc.RetCode.IsWarning() && c.G.WarnAsError {
			code = ExitAPI
		}
	}
	if code != ExitOK {
		return &Exit{Code: code}
	}
	return nil
}

// ShowReply writes one message.
func (c *Call) ShowReply(rc v1.ApiCallRc) {
	tag, color := "SUCCESS", table.Lime
	switch {
	case rc.RetCode.IsError():
		tag, color = "ERROR", table.Red
	case rc.RetCode.IsWarning():
		tag, color = "WARNING", table.Yellow
	case rc.RetCode.IsInfo():
		tag, color = "INFO", table.Blue
	}
	// The line feed belongs to the coloured part: scripts compare this text.
	c.Printf("%s", c.Paint(tag+":\n", color))
	if rc.Cause != "" || rc.Correction != "" || rc.Details != "" {
		c.Printf("Description:\n")
	}
	c.Printf("%s\n", indent(rc.Message))
	for _, part := range [][2]string{{"Cause:", rc.Cause}, {"Correction:", rc.Correction}, {"Details:", rc.Details}} {
		if part[1] != "" {
			c.Printf("%s\n%s\n", part[0], indent(part[1]))
		}
	}
	if len(rc.ErrorReportIDs) > 0 {
		c.Printf("Show reports:\n%s\n", indent(c.Prog()+" error-reports show "+strings.Join(rc.ErrorReportIDs, " ")))
	}
}

func indent(s string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n    ")
}
