#!/usr/bin/env bash
# Makes a base image of what the machine has, for tests where no registry can be reached: a Java runtime linked from the JDK and
# the C library's files. No archive of the JDK's classes: those that a service needs are in its image's cache of a start.
# Usage: base-image.sh ENGINE NAME
set -euo pipefail
engine="$1" name="$2"
root="$(mktemp -d)"
trap 'rm -rf "$root"' EXIT
mkdir -p "$root/opt" "$root/etc" "$root/tmp"
chmod 1777 "$root/tmp"
"$JAVA_HOME/bin/jlink" --strip-debug --no-header-files --no-man-pages --compress zip-6 --output "$root/opt/java" --add-modules \
  java.se,jdk.unsupported,jdk.zipfs,jdk.incubator.vector,jdk.management,jdk.net,jdk.jfr,jdk.crypto.cryptoki,jdk.naming.dns
# Shared libraries that the runtime and the tokenizers' native code ask for. The ones that glibc opens by name come too.
libraries() {
  find "$root/opt/java" -name '*.so' -exec ldd {} + 2> /dev/null | awk '$3 ~ /^\// {print $3} $1 ~ /^\/lib.*ld-/ {print $1}'
  ldconfig -p | awk '/x86-64|AArch64/ && /(libstdc\+\+\.so\.6|libgcc_s\.so\.1|libresolv\.so\.2|libnss_dns\.so\.2|libnss_files\.so\.2|libpthread\.so\.0|libdl\.so\.2|librt\.so\.1) / {print $NF}'
}
libraries | grep -v "^$root" | sort -u | while read -r file; do
  mkdir -p "$root$(dirname "$file")"
  cp -L "$file" "$root$file"
done
printf 'root:x:0:0:root:/:/nologin\namalgam:x:10001:10001:amalgam:/tmp:/nologin\n' > "$root/etc/passwd"
printf 'root:x:0:\namalgam:x:10001:\n' > "$root/etc/group"
printf 'hosts: files dns\n' > "$root/etc/nsswitch.conf"
tar -C "$root" -c . | "$engine" import --change 'ENV PATH=/opt/java/bin' --change 'ENV JAVA_HOME=/opt/java' - "$name"
