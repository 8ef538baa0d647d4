#!/usr/bin/env bash
# Builds what `./amalgam test kubernetes` and `test autoscaling` run on, from Go's module proxy. kubernetes: a control plane, kwok's
# fake nodes, the custom resource definitions that come with KEDA's and the Prometheus operator's modules. autoscaling: KEDA's
# operator and metrics adapter, too. A quarter of an hour each on two cores the first time; nothing when all of these versions are
# there. Go's build cache makes it resumable.
# Usage: build.sh [--check] FOLDER kubernetes|autoscaling      (--check: status 0 if there is nothing to build)
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)"
check=""
if [ "$1" = --check ]; then check=1; shift; fi
tools="$1" proof="$2"
kubernetes=v1.37.2
kwok=v0.8.0
keda=v2.21.0
prometheus_operator=v0.85.0

control_plane="$kubernetes $kwok $(cat "$here"/control-plane/* | cksum)"

# Whether a part is there in the version that is wanted: there PART VERSION
there() {
  [ -e "$tools/$1" ] && [ "$(cat "$tools/versions/$1" 2> /dev/null)" = "$2" ]
}

# Builds a part if it is not there: part NAME VERSION COMMAND…
part() {
  local name="$1" version="$2"
  shift 2
  there "$name" "$version" && return
  [ -z "$check" ] || exit 1
  command -v go > /dev/null || { echo "go is not there: install Go 1.26 or later" >&2; exit 3; }
  echo "building $name" >&2
  mkdir -p "$tools/versions"
  "$@"
  printf '%s\n' "$version" > "$tools/versions/$name"
}

export CGO_ENABLED=0 GOTOOLCHAIN=local

# Brings a module into Go's cache and prints its folder.
module() {
  local scratch
  scratch="$(mktemp -d)"
  (cd "$scratch" && go mod init amalgam/tools > /dev/null 2>&1 && GOFLAGS=-mod=mod go mod download "$1@$2" > /dev/null)
  rm -rf "$scratch"
  printf '%s/%s@%s' "$(go env GOMODCACHE)" "$1" "$2"
}

build_control_plane() (
  cd "$here/control-plane" && GOFLAGS=-mod=mod go build -trimpath -o "$tools/kube" -ldflags \
    "-s -w -X k8s.io/component-base/version.gitVersion=$kubernetes -X k8s.io/component-base/version.gitMajor=1 -X k8s.io/component-base/version.gitMinor=37" .
)

build_kwok() (
  cd "$here/control-plane" && GOFLAGS=-mod=mod go build -trimpath -ldflags '-s -w' -o "$tools/kwok" sigs.k8s.io/kwok/cmd/kwok
)

# A module's own program, with the versions that its own go.mod names.
build_keda() (
  cd "$(module github.com/kedacore/keda/v2 "$keda")" && go build -trimpath -ldflags '-s -w' -o "$tools/$1" "./cmd/$2"
)

# What kwok's nodes and pods do: they are ready at once.
collect_stages() {
  local stages stage file
  stages="$(module sigs.k8s.io/kwok "$kwok")/kustomize/stage"
  for stage in node/fast node/heartbeat-with-lease pod/fast; do
    for file in "$stages/$stage"/*.yaml; do
      [ "$(basename "$file")" = kustomization.yaml ] || { cat "$file"; echo; echo ---; }
    done
  done > "$tools/stages.yaml"
}

copy_definitions() {
  rm -rf "$tools/crds"
  mkdir -p "$tools/crds/keda" "$tools/crds/prometheus"
  cp "$(module github.com/prometheus-operator/prometheus-operator "$prometheus_operator")"/example/prometheus-operator-crd/monitoring.coreos.com_{servicemonitors,prometheusrules}.yaml "$tools/crds/prometheus/"
  cp "$(module github.com/kedacore/keda/v2 "$keda")"/config/crd/bases/*.yaml "$tools/crds/keda/"
  chmod -R u+w "$tools/crds"
}

part kube "$control_plane" build_control_plane
part kwok "$control_plane" build_kwok
part stages.yaml "$kwok" collect_stages
part crds "$keda $prometheus_operator" copy_definitions
[ "$proof" = autoscaling ] || exit 0
part keda "$keda" build_keda keda operator
part keda-adapter "$keda" build_keda keda-adapter adapter
