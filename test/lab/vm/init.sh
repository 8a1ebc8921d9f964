# First process of a lab machine, run by the agent once the root file system is there.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
n=$(sed -n 's/.*lab\.node=\([0-9]*\).*/\1/p' /proc/cmdline)

mkdir -p /dev/pts /dev/shm /run/lock
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs tmpfs /dev/shm
ln -sf /proc/self/fd /dev/fd
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t debugfs debugfs /sys/kernel/debug

hostname "n$n"
echo "n$n" >/etc/hostname
{
	echo '127.0.0.1 localhost'
	for i in 1 2 3; do echo "10.77.0.$i n$i"; done
} >/etc/hosts
printf '%032x\n' "$n" >/etc/machine-id
mkdir -p /etc/nvme
uuid="6c616200-0000-4000-8000-00000000000$n"
echo "nqn.2014-08.org.nvmexpress:uuid:$uuid" >/etc/nvme/hostnqn
echo "$uuid" >/etc/nvme/hostid

ip link set lo up
for net in 0 1 255; do
	case $net in 0) dev=eth0 ;; 1) dev=eth1 ;; 255) dev=eth2 ;; esac
	ip address add "10.77.$net.$n/24" dev "$dev"
	ip link set "$dev" up
done

# configfs has to be there before it can be mounted, and before nvmet fills it.
modprobe configfs
mount -t configfs configfs /sys/kernel/config
modprobe -a dm-thin-pool dm-crypt dm-snapshot dm-writecache dm-cache dm-cache-smq loop

/lib/systemd/systemd-udevd --daemon
# Block devices only: the rest of the hardware has nothing a lab needs, and
# loading its drivers takes seconds of an emulated boot.
udevadm trigger --action=add --subsystem-match=block --subsystem-match=bdi --subsystem-match=misc
udevadm settle

if [ -s /etc/lab-modules ]; then
	modprobe -a $(cat /etc/lab-modules) || echo "lab: loading modules failed" >/dev/console
fi

while :; do
	/run/lab/agent
	echo "lab: agent ended, starting it again" >/dev/console
	sleep 1
done
