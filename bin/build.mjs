/**
 * `npm run build`: makes dist/, the npm package `nuages`, out of core/: JavaScript, declarations, other files, and
 * package.json. Another folder may be named.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
const DIST = path.resolve(process.argv[2] ?? path.join(ROOT, 'dist'))
/** The program that npm puts on the path. */
const BIN = 'bin/nuages.mjs'

function compile() {
  const tsc = path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  const args = [tsc, '-p', path.join(ROOT, 'tsconfig.build.json'), '--outDir', DIST]
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' })
  if (status === 0) return
  console.error('The types are wrong; nothing was built.')
  process.exit(1)
}

/** Templates and static files, which lie beside the code that uses them, and what a package has at its root. */
function copyOtherFiles() {
  cpSync(path.join(ROOT, 'core'), path.join(DIST, 'core'), {
    recursive: true,
    filter: (file) => statSync(file).isDirectory() || !/\.[cm]?[jt]s$/.test(file),
  })
  // manage.ts is what startproject gives to a project.
  for (const name of ['LICENSE', 'README.md', 'CHANGELOG.md', 'manage.ts', BIN]) {
    if (existsSync(path.join(ROOT, name))) cpSync(path.join(ROOT, name), path.join(DIST, name))
  }
}

/** In a project's `imports`, `#core/*` is `nuages/*`: each door is an export by the name it has behind `#core/`. */
function manifest({ name, version, description, license, type, engines, imports, dependencies, ...source }) {
  const doors = Object.entries(imports).filter(([, file]) => existsSync(path.join(ROOT, file)))
  const built = (file) => file.replace(/\.ts$/, '.js')
  const typed = (file) => file.replace(/\.ts$/, '.d.ts')
  const exported = doors.map(([door, file]) => [
    door.replace('#core/', './'),
    { types: typed(file), default: built(file) },
  ])
  const inside = doors.map(([door, file]) => [door, { types: typed(file), default: built(file) }])
  return {
    name,
    version,
    description,
    license,
    type,
    engines,
    ...(source.keywords && { keywords: source.keywords }),
    ...(source.repository && { repository: source.repository }),
    bin: { nuages: BIN },
    imports: Object.fromEntries(inside),
    exports: { ...Object.fromEntries(exported), './package.json': './package.json' },
    ...(source.peerDependencies && { peerDependencies: source.peerDependencies }),
    ...(source.peerDependenciesMeta && { peerDependenciesMeta: source.peerDependenciesMeta }),
    ...(source.optionalDependencies && { optionalDependencies: source.optionalDependencies }),
    // Declarations name types of these, so that a project that compiles needs them too.
    dependencies: { ...dependencies, ...typesOf(dependencies, source.devDependencies ?? {}) },
  }
}

/** The @types package of each dependency that brings no types of its own, and of Node. */
function typesOf(dependencies, devDependencies) {
  const names = ['@types/node', ...Object.keys(dependencies).map((name) => `@types/${name}`)]
  return Object.fromEntries(
    names.filter((name) => name in devDependencies).map((name) => [name, `^${devDependencies[name]}`]),
  )
}

function countFiles(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length
}

rmSync(DIST, { recursive: true, force: true })
compile()
copyOtherFiles()
const source = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'))
writeFileSync(path.join(DIST, 'package.json'), `${JSON.stringify(manifest(source), null, 2)}\n`)
console.log(
  `Built ${source.name} ${source.version}: ${countFiles(DIST)} files in ${path.relative(process.cwd(), DIST)}/.`,
)
