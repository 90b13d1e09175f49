#!/bin/sh
':' //; D="$(dirname "$(readlink -f "$0")")"; T="$D/node_modules/tsx/dist/loader.mjs"
':' //; case "$(node -v)" in v1?.*|v20.*|v21.*|v22.?.*|v22.1[0-7].*|v23.[0-5].*) ;; *) exec node --disable-warning=ExperimentalWarning "$D/manage.ts" "$@";; esac
':' //; [ -f "$T" ] || { echo "The packages are not installed yet. Run: npm install" >&2; exit 1; }
':' //; exec node --import "$T" "$D/manage.ts" "$@"
/**
 * The command line: ./manage.ts <command>. A shell reads the lines above and starts Node, with tsx where Node cannot
 * read TypeScript by itself; to TypeScript they are texts without effect. Without a shell: node --import tsx manage.ts
 */
import { execute } from '#core/management'

process.exit(await execute(process.argv.slice(2), { root: import.meta.dirname }))
