/** The command line of the Nuages side: node --import tsx manage.ts <command>. */
import { execute } from '#core/management'

process.exit(await execute(process.argv.slice(2), { root: import.meta.dirname }))
