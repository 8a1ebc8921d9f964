package sim

import "maps"

// Marks that tools of the base system put on devices. Other families use names of
// their own, such as "luks" or "drbd-md".
const (
	// MarkFS holds the file system's type, MarkUUID its UUID.
	MarkFS   = "fs"
	MarkUUID = "fs-uuid"
	// MarkPartitions holds the type of the partition table.
	MarkPartitions = "partition-table"
	// MarkData stands for user data.
	MarkData = "data"
)

// Content is what is written on a device, as named marks: a signature, metadata,
// or a word of user data. A loop device has the content of its file.
type Content struct {
	marks  map[string]string
	writes int
	// via leads to where the content really is: that of a device which shows
	// another one's, such as an opened LUKS container. Then marks is unused.
	via view
}

// view is content that is kept elsewhere.
type view interface {
	get(mark string) string
	set(mark, value string)
	wipe()
	all() map[string]string
}

func newContent() *Content { return &Content{marks: map[string]string{}} }

// Get reads a mark; empty for none.
func (c *Content) Get(mark string) string {
	if c.via != nil {
		return c.via.get(mark)
	}
	return c.marks[mark]
}

// Set writes a mark; an empty value removes it.
func (c *Content) Set(mark, value string) {
	c.writes++
	if c.via != nil {
		c.via.set(mark, value)
		return
	}
	if value == "" {
		delete(c.marks, mark)
		return
	}
	c.marks[mark] = value
}

// Wipe removes every mark.
func (c *Content) Wipe() {
	c.writes++
	if c.via != nil {
		c.via.wipe()
		return
	}
	clear(c.marks)
}

// all is a copy of the marks.
func (c *Content) all() map[string]string {
	if c.via != nil {
		return c.via.all()
	}
	return maps.Clone(c.marks)
}

// clone is an independent copy, as a snapshot takes it.
func (c *Content) clone() *Content {
	return &Content{marks: c.all(), writes: c.writes}
}
