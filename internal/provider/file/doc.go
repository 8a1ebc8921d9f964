// Package file is the provider of FILE and FILE_THIN pools: a pool is a directory
// that exists, and a volume is an image file in it on a loop device.
//
// A volume NAME is made of
//
//	DIR/NAME.img             the image
//	DIR/.NAME.img.holdfast   its sidecar: whose it is and how far it has come
//	/dev/loopN               attached to the image; gone after every reboot
//
// Invariant: an image is ours only by a sidecar that carries the volume's UUID.
// Nothing else of that name is attached, resized or removed, whatever it is.
//
// It must not make the pool's directory: one that is missing may be a file system
// that is not mounted, and images made beneath the mount point would take the
// place of the real ones.
package file
