# Source this in a shell after set-up: `. scripts/env.sh` puts the clone's Node and pnpm first.
fieldloop_root=$(cd "$(dirname "${BASH_SOURCE[0]:-$0}")/.." && pwd)
for fieldloop_node in "$fieldloop_root"/.toolchain/node_modules/node-*/bin; do
  PATH="$fieldloop_node:$fieldloop_root/node_modules/.bin:$PATH"
done
export PATH
pnpm() { node "$fieldloop_root/.toolchain/node_modules/pnpm/bin/pnpm.mjs" "$@"; }
