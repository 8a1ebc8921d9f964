package script

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite the golden files in the scripts")

// TestScripts runs the scripts in testdata. Each has hosts of its own; beside the
// usual commands there are
//
//	controller start [ARGS...]   starts holdfast-controller and waits until it answers
//	controller kill|stop         ends it with SIGKILL or SIGTERM
//	satellite NAME...            makes simulated hosts with /pool and starts their satellites
//	satellite -stop NAME...      kills satellites; their hosts keep running
//	satellite -start NAME...     starts them again
//	cluster NAME...              all of the above, with nodes registered, a pool named "pool"
//	                             on each and a group "grp" with two replicas
//	cluster -replicated NAME...  the same with DRBD and LUKS on the hosts; the group has DRBD
//	network cut|heal A B         parts two hosts for DRBD, or joins them again
//	network hold|resync          keeps resyncs from going on, or lets them
//	host NAME VERB ARGS...       does something to a host; see verbs
//	stranger NAME KIND           a host whose port answers in another way; see kinds
//	linstor ARGS..., holdfast …  the command line; code N linstor … wants that exit code
//	await [-gone] RE CMD ARGS... repeats a program until its output matches, or no longer does
//	damage FILE TEXT             overwrites a text wherever it is in a file
//
// $CONTROLLER, $PORT, $DB and $IP_NAME are the script's own addresses and files.
func TestScripts(t *testing.T) {
	bin := build(t)
	testscript.Run(t, testscript.Params{
		Dir:           "testdata",
		UpdateScripts: *update, ContinueOnError: *update,
		Setup: func(e *testscript.Env) error { return setup(e, bin) },
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"controller": controllerCmd,
			"satellite":  satelliteCmd,
			"cluster":    clusterCmd,
			"host":       hostCmd,
			"network":    networkCmd,
			"stranger":   strangerCmd,
			"linstor":    program("linstor"),
			"holdfast":   program("holdfast"),
			"code":       codeCmd,
			"await":      awaitCmd,
			"damage":     damageCmd,
		},
	})
}

// build builds the programs like the test itself: with the race detector if it has it.
func build(t *testing.T) string {
	dir := t.TempDir()
	args := []string{"build", "-o", dir + string(filepath.Separator)}
	if info, ok := debug.ReadBuildInfo(); ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"}) {
		args = append(args, "-race")
	}
	cmd := exec.Command("go", append(args, "./cmd/...")...)
	cmd.Dir = "../.."
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build the programs: %v\n%s", err, out)
	}
	if err := os.Symlink("holdfast", filepath.Join(dir, "linstor")); err != nil {
		t.Fatal(err)
	}
	return dir
}
