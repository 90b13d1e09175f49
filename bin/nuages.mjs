#!/usr/bin/env node
/** `nuages`, the program of the package: the command line where there is no project yet. A project has its manage.ts. */
import { execute } from '#core/management'

process.exit(await execute(process.argv.slice(2), { prog: 'nuages', outside: true }))
