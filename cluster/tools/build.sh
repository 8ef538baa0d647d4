#!/usr/bin/env bash
# Builds what `./amalgam test kubernetes` runs on, from Go's module proxy: a control plane and kwok's fake nodes; and copies the
# custom resource definitions that come with KEDA's and the Prometheus operator's modules. About a quarter of an hour on two
# cores the first time; nothing when all is there. Usage: build.sh FOLDER
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
tools="$1"
kubernetes=v1.37.2
kwok=v0.8.0
keda=v2.21.0
prometheus_operator=v0.85.0

for part in kube kwok stages.yaml crds/prometheus crds/keda; do
  [ -e "$tools/$part" ] || missing=1
done
[ -n "${missing:-}" ] || exit 0
command -v go > /dev/null || { echo "go is not there: install Go 1.26 or later" >&2; exit 3; }
mkdir -p "$tools/crds/keda" "$tools/crds/prometheus" "$tools/source"
export CGO_ENABLED=0 GOTOOLCHAIN=local
modules="$(go env GOMODCACHE)"

# Brings a module into Go's cache and prints its folder.
module() {
  (cd "$tools/source" && { [ -f go.mod ] || go mod init amalgam/tools > /dev/null 2>&1; } \
    && GOFLAGS=-mod=mod go mod download "$1@$2" > /dev/null)
  printf '%s/%s@%s' "$modules" "$1" "$2"
}

if [ ! -x "$tools/kube" ]; then
  echo "building kube" >&2
  (cd "$here/control-plane" && GOFLAGS=-mod=mod nice go build -trimpath -o "$tools/kube" -ldflags \
    "-s -w -X k8s.io/component-base/version.gitVersion=$kubernetes -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=37" .)
fi
if [ ! -x "$tools/kwok" ]; then
  echo "building kwok" >&2
  (cd "$here/control-plane" && GOFLAGS=-mod=mod nice go build -trimpath -ldflags '-s -w' -o "$tools/kwok" sigs.k8s.io/kwok/cmd/kwok)
fi
stages="$(module sigs.k8s.io/kwok "$kwok")/kustomize/stage"
for stage in node/fast node/heartbeat-with-lease pod/fast; do
  for file in "$stages/$stage"/*.yaml; do
    [ "$(basename "$file")" = kustomization.yaml ] || { cat "$file"; echo; echo ---; }
  done
done > "$tools/stages.yaml"
operator="$(module github.com/prometheus-operator/prometheus-operator "$prometheus_operator")"
cp "$operator"/example/prometheus-operator-crd/monitoring.coreos.com_{servicemonitors,prometheusrules}.yaml "$tools/crds/prometheus/"
cp "$(module github.com/kedacore/keda/v2 "$keda")"/config/crd/bases/*.yaml "$tools/crds/keda/"
chmod -R u+w "$tools/crds"
rm -rf "$tools/source"
