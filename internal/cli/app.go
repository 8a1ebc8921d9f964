package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/holdfast-storage/holdfast/client"
	"github.com/holdfast-storage/holdfast/internal/cli/args"
)

// App is the program.
type App struct {
	// Prog is the name the program was called by.
	Prog     string
	Version  string
	Commands []*Command
	Env      Env

	// session holds what lasts over several commands of an interactive session.
	session session
}

// Run runs the program and gives its exit code. words are the arguments without
// the program's name.
func (a *App) Run(ctx context.Context, words []string) int {
	prefix, conf, err := a.presets(words)
	if err != nil {
		return a.fail(nil, err)
	}
	// A subcommand's word list never contains the presets: they are options that
	// come before the command line, which therefore wins.
	globals, rest, err := globalSpec(a.Prog, true).Parse(append(prefix, words...), nil)
	if err != nil {
		return a.fail(nil, a.withCommands(err))
	}
	if globals.Bool(args.HelpDest) {
		fmt.Fprint(a.Env.Out, a.help())
		return ExitOK
	}
	if globals.Bool("version") {
		fmt.Fprintf(a.Env.Out, "%s\n", a.Version)
		return ExitOK
	}
	if len(rest) == 0 {
		rest = []string{"interactive"}
	}
	return a.execute(ctx, rest, globals, conf)
}

// presets are the option words of configuration and environment.
func (a *App) presets(words []string) ([]string, config, error) {
	env := envWords(a.Env.Environ)
	if slices.Contains(append(env, words...), "--disable-config") {
		return env, config{}, nil
	}
	conf, err := a.readConfig()
	if err != nil {
		return nil, nil, err
	}
	return append(conf.globalWords(), env...), conf, nil
}

// execute runs one command with the globals that have been read.
func (a *App) execute(ctx context.Context, words []string, globals *args.Values, conf config) int {
	cmd, path, rest, err := a.resolve(words)
	if err != nil {
		return a.fail(nil, err)
	}
	prog := a.Prog + " " + strings.Join(path, " ")
	if cmd.Run == nil {
		return a.group(cmd, prog, rest)
	}
	spec := &args.Spec{Prog: prog, Description: cmd.Short, Global: globalSpec(a.Prog, false)}
	if cmd.Args != nil {
		cmd.Args(spec)
	}
	values, _, err := spec.Parse(rest, globals)
	if err != nil {
		return a.fail(nil, err)
	}
	if values.Bool(args.HelpDest) {
		fmt.Fprint(a.Env.Out, spec.Help(a.Env.Width))
		return ExitOK
	}
	if err := applyDefaults(conf, path, spec, values); err != nil {
		return a.fail(nil, err)
	}
	call := &Call{App: a, Env: &a.Env, G: a.globals(globals), V: values, Path: path, values: globals, conf: conf}
	if a.session.collecting && !cmd.Transaction {
		return a.fail(call, Exitf(ExitIllegalState, "Error: The command '%s' is not allowed in the current state", strings.Join(path, " ")))
	}
	defer call.close()
	return a.fail(call, cmd.Run(ctx, call))
}

// applyDefaults merges the configuration's list options into the given ones.
func applyDefaults(conf config, path []string, spec *args.Spec, values *args.Values) error {
	defaults, err := conf.listDefaults(strings.Join(path, "."))
	if err != nil {
		return err
	}
	for _, arg := range spec.Args() {
		list, ok := defaults[arg.Dest]
		if !ok || len(arg.Names) == 0 {
			continue
		}
		if arg.Arity == args.OneOrMore || arg.Arity == args.ZeroOrMore {
			list = append(list, values.List(arg.Dest)...)
		} else if values.Given(arg.Dest) {
			continue
		}
		values.Set(arg.Dest, list...)
	}
	return nil
}

// resolve walks the command tree.
func (a *App) resolve(words []string) (cmd *Command, path, rest []string, err error) {
	list := a.Commands
	prog := a.Prog
	for i, w := range words {
		if strings.HasPrefix(w, "-") {
			return cmd, path, words[i:], nil
		}
		next, err := find(list, w)
		if err != nil {
			return nil, nil, nil, &args.Error{Prog: prog, Usage: groupUsage(prog, list, a.Env.Width), Msg: err.Error()}
		}
		cmd = next
		path = append(path, cmd.Name)
		prog += " " + cmd.Name
		if cmd.Run != nil {
			return cmd, path, words[i+1:], nil
		}
		list = cmd.Sub
	}
	return cmd, path, nil, nil
}

// group is an object without a verb: its help, or an error.
func (a *App) group(cmd *Command, prog string, rest []string) int {
	if len(rest) > 0 && (rest[0] == "-h" || rest[0] == "--help") {
		fmt.Fprint(a.Env.Out, groupHelp(prog, cmd, a.Env.Width))
		return ExitOK
	}
	msg := "too few arguments"
	if len(rest) > 0 {
		msg = "unrecognized arguments: " + strings.Join(rest, " ")
	}
	return a.fail(nil, &args.Error{Prog: prog, Usage: groupUsage(prog, cmd.Sub, a.Env.Width), Msg: msg})
}

func (a *App) help() string {
	text := globalSpec(a.Prog, true).Help(a.Env.Width)
	return text + "\n" + strings.TrimPrefix(groupHelp(a.Prog, &Command{Sub: a.Commands}, a.Env.Width), "")
}

// withCommands makes the usage of a wrong global option name the objects too.
func (a *App) withCommands(err error) error {
	if e, ok := errors.AsType[*args.Error](err); ok {
		e.Usage += args.Wrap("{"+choices(a.Commands)+"} ...", a.Env.Width-2, "       ") + "\n"
	}
	return err
}

// fail shows an error and gives the exit code for it; nil is success.
func (a *App) fail(c *Call, err error) int {
	var exit *Exit
	var usage *args.Error
	var api *client.APIError
	var connect *client.ConnectError
	var timeout *client.TimeoutError
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(err, errCurl):
		return ExitOK
	case errors.As(err, &exit):
		if exit.Msg != "" {
			fmt.Fprintln(a.Env.Err, exit.Msg)
		}
		return exit.Code
	case errors.As(err, &usage):
		fmt.Fprint(a.Env.Err, usage.Usage)
		fmt.Fprintln(a.Env.Err, usage.Error())
		return ExitArgs
	case errors.As(err, &api) && c != nil:
		return c.showAPIError(api)
	case errors.As(err, &connect):
		for _, at := range connect.Attempts {
			fmt.Fprintf(a.Env.Err, "Error: Unable to connect to %s: %s\n", at.Controller, at.Err)
		}
		return ExitConnection
	case errors.As(err, &timeout):
		fmt.Fprintf(a.Env.Err, "Error: %s\n", err)
		return ExitTimeout
	case c != nil && c.G.Curl && c.printed:
		return ExitOK // what follows a printed request depends on an answer
	default:
		fmt.Fprintf(a.Env.Err, "Error: %s\n", err)
		return ExitUnknown
	}
}
