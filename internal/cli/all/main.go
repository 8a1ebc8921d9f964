package all

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/term"

	"github.com/holdfast-storage/holdfast/internal/cli"
)

// Main runs the program on the real surroundings and gives its exit code.
func Main(version string) int {
	// A closed pipe, as with "| head", must end the program quietly with code 1.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	prog := filepath.Base(os.Args[0])
	app := &cli.App{
		Prog: prog, Commands: Commands(), Env: environment(),
		Version: prog + "-client " + version,
	}
	return app.Run(ctx, os.Args[1:])
}

func environment() cli.Env {
	tty := term.IsTerminal(int(os.Stdout.Fd()))
	return cli.Env{
		Out: os.Stdout, Err: os.Stderr, In: os.Stdin, Getenv: os.Getenv, Environ: os.Environ(),
		OutTTY: tty, InTTY: term.IsTerminal(int(os.Stdin.Fd())),
		UTF8: tty && cli.UTF8Locale(os.Getenv), Width: width(tty),
		Now: time.Now, Sleep: time.Sleep, Files: cli.Files{Root: "/"},
		ReadPassword: readPassword, Edit: edit, LookupHost: net.LookupHost,
	}
}

const defaultWidth = 80

func width(tty bool) int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n > 0 {
		return n
	}
	if tty {
		if n, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && n > 0 {
			return n
		}
	}
	return defaultWidth
}

func readPassword(prompt string) (string, error) {
	fd := int(os.Stdin.Fd())
	if !term.IsTerminal(fd) {
		return "", errors.New("a passphrase or password is needed, but the input is not a terminal; give it with its option")
	}
	fmt.Fprint(os.Stderr, prompt)
	b, err := term.ReadPassword(fd)
	fmt.Fprintln(os.Stderr)
	if err != nil {
		return "", fmt.Errorf("read from terminal: %w", err)
	}
	return string(b), nil
}

// edit opens the user's editor on a copy that only the user can read.
func edit(content []byte) ([]byte, error) {
	dir, err := os.MkdirTemp("", "holdfast-edit")
	if err != nil {
		return nil, fmt.Errorf("make folder for the editor: %w", err)
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "file")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		return nil, fmt.Errorf("write file for the editor: %w", err)
	}
	editor := strings.Fields(os.Getenv("EDITOR"))
	if len(editor) == 0 {
		editor = []string{"nano"}
	}
	cmd := exec.Command(editor[0], append(editor[1:], name)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("run editor %s: %w", editor[0], err)
	}
	return os.ReadFile(name)
}
