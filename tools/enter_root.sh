# enter_root.sh ROOT CHROOT-ARGUMENT…: run a command in the root, as process 1 of namespaces that end with it.
# Exit status 99 where the command leaves a process running.
set -eu
root=$1
shift
mount --make-rprivate /
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for name in null zero full random urandom tty; do
    touch "$root/dev/$name"
    mount --bind "/dev/$name" "$root/dev/$name"
done
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin"
ln -s /proc/self/fd/1 "$root/dev/stdout"
ln -s /proc/self/fd/2 "$root/dev/stderr"

status=0
chroot "$@" || status=$?

said_by() { tr '\0' ' ' <"$root/proc/$1/cmdline" 2>/dev/null || true; }
self=$(said_by 1)
left_running() {
    for place in "$root"/proc/[0-9]*; do
        command=$(said_by "${place##*/}")
        [ -z "$command" ] || [ "$command" = "$self" ] || echo "LEFT RUNNING: $command"
    done
}
for second in 1 2 3 4 5; do
    left=$(left_running)
    [ -n "$left" ] || exit "$status"
    sleep 1
done
echo "$left"
exit 99
