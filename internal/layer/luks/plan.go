package luks

import (
	"fmt"

	"github.com/holdfast-storage/holdfast/api/link/v1"
	"github.com/holdfast-storage/holdfast/api/v1"
	"github.com/holdfast-storage/holdfast/internal/fault"
	"github.com/holdfast-storage/holdfast/internal/layer"
	"github.com/holdfast-storage/holdfast/internal/provider"
	"github.com/holdfast-storage/holdfast/internal/run"
)

// volume is one volume being planned.
type volume struct {
	in    layer.Input
	v     link.Volume
	name  string
	lower layer.Device
	m     mapping
	open  bool
	head  header
	// looked tells that head is known.
	looked bool
	out    *layer.Output
}

// Plan implements layer.Layer.
func (l Layer) Plan(in layer.Input) (layer.Output, error) {
	out := layer.Output{Devices: map[int]layer.Device{}, Volumes: map[int]link.LayerReport{}, Released: map[int]bool{}, Made: map[int]bool{}}
	seen, ok := in.Observed.(scanned)
	if !ok {
		return out, fmt.Errorf("plan the LUKS layer of %s: nothing was observed", in.Resource.Name)
	}
	heads, _ := in.Probed.(probed)
	used := false
	for _, v := range in.Volumes {
		p := &volume{in: in, v: v, name: mappingName(in.Resource.Name, v.Number), lower: in.Lower[v.Number], out: &out}
		p.m, p.open = seen[p.name]
		p.head, p.looked = heads[v.Number]
		used = used || p.open && p.m.open > 0
		var err error
		switch {
		case in.Down:
			p.down()
		case p.lower.Present && p.lower.Path != "":
			err = p.up()
		case p.lower.Foreseen && !p.open && in.MayMake[v.Number]:
			err = p.format()
		}
		if err != nil {
			return out, err
		}
	}
	out.InUse = &used
	return out, nil
}

// down closes the container. One of the same name that is not ours stays.
func (p *volume) down() {
	switch {
	case !p.open || p.m.uuid != plain(p.v.UUID):
		p.out.Released[p.v.Number] = true
		return
	case p.in.Foresee:
		p.out.Released[p.v.Number] = true
	}
	p.report()
	p.step(provider.EffectDetach, "close the encrypted volume", nil, "cryptsetup", "close", p.name)
}

// up opens the container, and makes it where that is granted.
func (p *volume) up() error {
	if p.open {
		return p.tend()
	}
	ours := p.head.uuid == plain(p.v.UUID)
	switch {
	case !p.looked:
		return fmt.Errorf("plan the LUKS layer of volume %d of %s: the device %s was not looked at", p.v.Number, p.in.Resource.Name, p.lower.Path)
	case p.head.kind != "" && !ours:
		return p.foreign("the device " + p.lower.Path + " holds something else (" + p.head.kind + ")")
	case p.v.LUKS != nil && p.v.LUKS.Corrupt:
		return p.corrupt()
	case ours && !p.head.empty:
		p.out.Made[p.v.Number] = true
		return p.unlock()
	case !p.in.MayMake[p.v.Number]:
		return p.lost()
	}
	return p.format()
}

// locked tells that there is no passphrase to work with.
func (p *volume) locked() bool { return p.v.LUKS == nil || p.v.LUKS.Passphrase == "" }

// wait says that a passphrase is needed first.
func (p *volume) wait(what string) {
	p.out.Waiting = append(p.out.Waiting, fmt.Sprintf("volume %d %s until the cluster's master passphrase is entered: "+
		"use 'encryption enter-passphrase'", p.v.Number, what))
}

func (p *volume) format() error {
	if p.locked() {
		p.report()
		p.wait("cannot be encrypted")
		return nil
	}
	o, err := formatOptions(p.v.Props)
	if err != nil {
		return err
	}
	// A device that is too small is told before it is touched.
	if _, err := (Layer{}).UpperKiB(p.in.Resource, &p.v, p.lower.SizeKiB); err != nil {
		return err
	}
	argv := []string{"cryptsetup", "--batch-mode", "luksFormat", "--type", "luks2", "--uuid", p.v.UUID}
	argv = append(argv, o.words...)
	p.step(provider.EffectCreate, "encrypt the new volume", p.key(), append(argv, "--key-file", "-", p.lower.Path)...)
	if p.in.Foresee {
		p.foresee()
		return p.unlock()
	}
	p.report()
	return nil
}

// foresee offers the container that is yet to be made, or as it will have grown.
func (p *volume) foresee() {
	upper, err := (Layer{}).UpperKiB(p.in.Resource, &p.v, p.lower.SizeKiB)
	if err != nil {
		return
	}
	d, there := p.out.Devices[p.v.Number]
	if !there {
		d = layer.Device{Path: mapperDir + p.name, Foreseen: true, Parts: p.lower.Parts, Thin: p.lower.Thin}
	}
	d.SizeKiB = upper
	p.out.Devices[p.v.Number] = d
}

func (p *volume) unlock() error {
	p.report()
	if p.locked() {
		p.wait("stays locked")
		return nil
	}
	if p.rekey() && !p.in.Foresee {
		return nil
	}
	words, _, err := openOptions(p.v.Props)
	if err != nil {
		return err
	}
	argv := append([]string{"cryptsetup", "open", "--type", "luks2", "--tries", "1"}, words...)
	p.step(provider.EffectAttach, "open the encrypted volume", p.key(), append(argv, "--key-file", "-", p.lower.Path, p.name)...)
	return nil
}

// rekey changes the passphrase where that is due, and tells whether it is. What a
// crash has left is told by which passphrases fit: only the former one, both, or
// only the new one, with which it is done.
func (p *volume) rekey() bool {
	if p.locked() || p.v.LUKS.Former == "" || p.v.LUKS.Former == p.v.LUKS.Passphrase || !p.looked || p.head.uuid != plain(p.v.UUID) {
		return false
	}
	switch {
	case p.head.opensNew && p.head.opensFormer:
		p.step(provider.EffectModify, "take the former passphrase away", []byte(p.v.LUKS.Former),
			"cryptsetup", "--batch-mode", "luksRemoveKey", "--key-file", "-", p.lower.Path)
	case p.head.opensFormer:
		p.step(provider.EffectModify, "change the volume's passphrase", []byte(p.v.LUKS.Former+"\n"+p.v.LUKS.Passphrase+"\n"),
			"cryptsetup", "--batch-mode", "luksChangeKey", "--pbkdf-memory", "262144", p.lower.Path)
	default:
		// With neither of them opening says what is wrong.
		return false
	}
	return true
}

// tend keeps an open container as it is wanted.
func (p *volume) tend() error {
	if p.m.uuid != plain(p.v.UUID) {
		return p.foreign("the device " + mapperDir + p.name + " is open with another header")
	}
	p.out.Made[p.v.Number] = true
	p.report()
	p.out.Devices[p.v.Number] = layer.Device{Path: mapperDir + p.name, SizeKiB: p.m.sizeKiB, Present: true, Open: p.m.open > 0,
		Parts: p.lower.Parts, Thin: p.lower.Thin, AllocatedKiB: p.lower.AllocatedKiB}
	words, discards, err := openOptions(p.v.Props)
	if err != nil {
		return err
	}
	upper, err := (Layer{}).UpperKiB(p.in.Resource, &p.v, p.lower.SizeKiB)
	if err != nil {
		return err
	}
	grow, refresh := p.m.sizeKiB < upper, p.m.discards != discards
	changes := p.v.LUKS != nil && p.v.LUKS.Former != ""
	if p.locked() {
		if grow || refresh || changes {
			p.wait("cannot be changed")
		}
		return nil
	}
	p.rekey()
	if changes && p.looked && !p.head.opensNew && !p.head.opensFormer {
		return p.wrongKey()
	}
	if grow {
		if p.in.Foresee {
			p.foresee()
		}
		p.step(provider.EffectModify, "let the encrypted volume use the larger device", p.key(), "cryptsetup", "resize", "--key-file", "-", p.name)
	}
	if refresh {
		argv := append([]string{"cryptsetup", "refresh"}, words...)
		p.step(provider.EffectModify, "change whether discards pass through", p.key(), append(argv, "--key-file", "-", p.name)...)
	}
	return nil
}

func (p *volume) key() []byte { return []byte(p.v.LUKS.Passphrase) }

func (p *volume) step(e provider.Effect, why string, stdin []byte, argv ...string) {
	p.out.Steps = append(p.out.Steps, layer.Step{Volume: p.v.Number,
		Step: provider.Step{Cmd: &run.Cmd{Argv: argv, Stdin: stdin}, Why: why, Effect: e}})
}

func (p *volume) report() {
	r := link.LayerReport{Layer: v1.LayerTypeLuks, BackingPath: p.lower.Path, AllocatedKiB: p.lower.AllocatedKiB, DiskState: "Closed"}
	switch {
	case p.open:
		r.DevicePath, r.UsableKiB, r.DiskState, r.Opened = mapperDir+p.name, p.m.sizeKiB, "Opened", true
	case !p.in.Down && p.locked():
		r.DiskState = "Locked"
	}
	p.out.Volumes[p.v.Number] = r
}

// what names the volume in a message.
func (p *volume) what() string {
	return fmt.Sprintf("volume %d of resource '%s'", p.v.Number, p.in.Resource.Name)
}

func (p *volume) foreign(why string) error {
	return fault.New(v1.FailUUIDVolume, "The encryption of %s is not the one that Holdfast has made.", p.what()).
		Because("%s", why).Fix("Nothing was changed. Find out whose it is, and move or remove it by hand.").Ref("RscDfn", p.in.Resource.Name)
}

func (p *volume) lost() error {
	why := "the device " + p.lower.Path + " has no LUKS header"
	if p.head.empty {
		why = "the LUKS header on " + p.lower.Path + " has no key any more"
	}
	return fault.New(v1.FailUUIDVolume, "The encryption of %s is lost.", p.what()).Because("%s", why).
		Fix("Nothing was changed. Restore the header from a backup; or delete the resource on this node and create it again, "+
			"so that it gets the data from another replica.").Ref("RscDfn", p.in.Resource.Name)
}

func (p *volume) corrupt() error {
	return fault.New(v1.FailCryptInit, "The stored passphrase of %s cannot be decrypted.", p.what()).
		Because("its record in the controller's database is damaged, or was encrypted with another master key").
		Fix("Restore the controller's database from a backup; or delete the resource on this node and create it again.").
		Ref("RscDfn", p.in.Resource.Name)
}

func (p *volume) wrongKey() error {
	return fault.New(v1.FailInvalidCryptPassphrase, "The passphrase of %s does not fit.", p.what()).
		Because("neither the new nor the former passphrase opens the LUKS header on %s", p.lower.Path).
		Fix("Somebody has changed it by hand; set it to the right one with 'volume-definition modify-passphrase'.").
		Ref("RscDfn", p.in.Resource.Name)
}
