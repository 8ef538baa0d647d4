#!/bin/bash
# genuine etcd + kube-apiserver + controller-manager + scheduler on loopback; no containers, no images
set -euo pipefail
D=${D:?folder for data and logs}; BIN=${BIN:?folder of the binaries}; KUBE=$BIN/kube
API=${API:-6443}; ETCD=${ETCD:-23790}; HOSTIP=${HOSTIP:-127.0.0.1}
stop(){ for f in "$D"/*.pid; do [ -f "$f" ] || continue; p=$(cat "$f"); kill "$p" 2>/dev/null || true; for _ in $(seq 30); do kill -0 "$p" 2>/dev/null || break; sleep 0.2; done; kill -9 "$p" 2>/dev/null || true; done; rm -f "$D"/*.pid; }
case "${1:-start}" in
stop) stop; exit 0;;
esac
stop; rm -rf "$D"; mkdir -p "$D/pki" "$D/log"; cd "$D/pki"
# CA, serving cert, client certs, service-account key
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -days 30 -subj /CN=test-ca 2>/dev/null
mk(){ # name subject san usage
 openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $1.key -out $1.csr -subj "$2" 2>/dev/null
 openssl x509 -req -in $1.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out $1.crt -extfile <(printf '%s\n' "${3:-basicConstraints=CA:FALSE}" "extendedKeyUsage=serverAuth,clientAuth") 2>/dev/null; }
mk apiserver /CN=kube-apiserver "subjectAltName=DNS:localhost,DNS:kubernetes,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:10.96.0.1,IP:$HOSTIP"
# KEDA's: operator and adapter ask each other for it, and the API server asks the adapter
mk keda /CN=keda "subjectAltName=DNS:localhost,DNS:keda-metrics-apiserver.keda.svc,IP:127.0.0.1"
mk admin "/O=system:masters/CN=admin"
mk kcm "/CN=system:kube-controller-manager"
mk sched "/CN=system:kube-scheduler"
mk frontproxy "/CN=front-proxy-client"
openssl genrsa -out sa.key 2048 2>/dev/null
kc(){ cat > "$D/$1.kubeconfig" <<EOF
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "https://127.0.0.1:$API", certificate-authority: $D/pki/ca.crt}}]
users: [{name: u, user: {client-certificate: $D/pki/$1.crt, client-key: $D/pki/$1.key}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
current-context: c
EOF
}
kc admin; kc kcm; kc sched
bg(){ n=$1; shift; nohup "$@" >"$D/log/$n.log" 2>&1 & echo $! >"$D/$n.pid"; }
bg etcd ${ETCDBIN:-$KUBE etcd} --data-dir "$D/etcd" --listen-client-urls http://127.0.0.1:$ETCD --advertise-client-urls http://127.0.0.1:$ETCD --listen-peer-urls http://127.0.0.1:$((ETCD+1)) --initial-advertise-peer-urls http://127.0.0.1:$((ETCD+1)) --initial-cluster default=http://127.0.0.1:$((ETCD+1)) --unsafe-no-fsync
bg apiserver $KUBE apiserver --etcd-servers=http://127.0.0.1:$ETCD --bind-address=127.0.0.1 --endpoint-reconciler-type=none --secure-port=$API --service-cluster-ip-range=10.96.0.0/16 \
  --tls-cert-file=apiserver.crt --tls-private-key-file=apiserver.key --client-ca-file=ca.crt --authorization-mode=Node,RBAC \
  --service-account-key-file=sa.key --service-account-signing-key-file=sa.key --service-account-issuer=https://kubernetes.default.svc \
  --requestheader-client-ca-file=ca.crt --requestheader-allowed-names=front-proxy-client --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group --requestheader-extra-headers-prefix=X-Remote-Extra- \
  --proxy-client-cert-file=frontproxy.crt --proxy-client-key-file=frontproxy.key --enable-aggregator-routing=false --allow-privileged=true --event-ttl=1h
export KUBECONFIG="$D/admin.kubeconfig"
for i in $(seq 1 120); do [ "$($KUBE kubectl get --raw /readyz 2>/dev/null)" = ok ] && break; sleep 0.5; done
$KUBE kubectl get --raw /readyz; echo
bg kcm $KUBE controller-manager --kubeconfig="$D/kcm.kubeconfig" --authentication-kubeconfig="$D/kcm.kubeconfig" --authorization-kubeconfig="$D/kcm.kubeconfig" --service-account-private-key-file=sa.key --root-ca-file=ca.crt --cluster-signing-cert-file=ca.crt --cluster-signing-key-file=ca.key --use-service-account-credentials=true --leader-elect=false --bind-address=127.0.0.1 --horizontal-pod-autoscaler-sync-period=5s
bg sched $KUBE scheduler --kubeconfig="$D/sched.kubeconfig" --authentication-kubeconfig="$D/sched.kubeconfig" --authorization-kubeconfig="$D/sched.kubeconfig" --leader-elect=false --bind-address=127.0.0.1
for i in $(seq 1 60); do $KUBE kubectl get sa default -n default >/dev/null 2>&1 && break; sleep 0.5; done
$KUBE kubectl get sa default -n default >/dev/null && echo "ready: export KUBECONFIG=$KUBECONFIG"
