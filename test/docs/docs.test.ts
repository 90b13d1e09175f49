/** The documentation is correct: its programs run, its code compiles, its links work, its names exist. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'chai'
import { schema } from '#core/conf'
import { folderOf, moduleFile } from '../../core/utils/dotted_names.ts'
import { stale } from '../../bin/reference.ts'
import { clone, type Clone } from './clone.ts'
import { allPages, anchors, blocks, links, page, type Page, prose, REPOSITORY } from './markdown.ts'
import { Reader } from './transcript.ts'

const pages = allPages()

/** Names in capitals that are not settings: keys within one, environment variables, attributes of a request. */
const NO_SETTINGS = new Set(
  [
    'ENGINE NAME USER PASSWORD HOST PORT OPTIONS CONN_MAX_AGE ATOMIC_REQUESTS',
    'BACKEND LOCATION TIMEOUT KEY_PREFIX KEY_FUNCTION VERSION MAX_ENTRIES DIRS APP_DIRS',
    'DATABASE_URL CACHE_URL CI VECTORS NO_COLOR NUAGES_ NUAGES_SETTINGS_MODULE DJANGO_SETTINGS_MODULE',
    'GET POST FILES COOKIES META JSON SQL WHERE DEBUG INFO WARNING ERROR CRITICAL',
  ].flatMap((names) => names.split(' ')),
)

function run(program: string, args: readonly string[], cwd: string): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd, maxBuffer: 1e7 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr })
    })
  })
}

/** Compiles with the repository's options, but allows unused names. Errors in core are ignored. */
async function compile(root: string): Promise<string> {
  const config = {
    extends: './tsconfig.json',
    compilerOptions: { noUnusedLocals: false, noUnusedParameters: false },
    include: ['settings.ts', 'apps', 'core', 'examples'],
  }
  writeFileSync(path.join(root, 'tsconfig.docs.json'), JSON.stringify(config))
  const tsc = path.join(REPOSITORY, 'node_modules', 'typescript', 'bin', 'tsc')
  const { output } = await run(process.execPath, [tsc, '--noEmit', '-p', 'tsconfig.docs.json'], root)
  return output.replace(/^core\/.*\n(?: .*\n)*/gm, '')
}

describe('the documentation', function () {
  // These tests start processes on machines that may be busy.
  this.timeout(240_000)

  const clones: Clone[] = []
  function newClone(): Clone {
    const made = clone()
    clones.push(made)
    return made
  }
  after(() => {
    for (const each of clones) each.remove()
  })

  async function follow(file: string): Promise<void> {
    const { root } = newClone()
    const reader = new Reader(root)
    try {
      await reader.follow(blocks(page(file)))
    } finally {
      await reader.close()
    }
    expect(await compile(root)).to.equal('')
  }

  describe('can be followed literally:', () => {
    const followed = new Map<string, Promise<void>>()
    before(() => {
      // Runs them concurrently, because they mostly wait for processes.
      for (const file of ['README.md', 'docs/tutorial.md']) {
        const outcome = follow(file)
        followed.set(file, outcome)
        outcome.catch(() => {})
      }
    })

    it('README.md', () => followed.get('README.md'))
    it('docs/tutorial.md', () => followed.get('docs/tutorial.md'))
  })

  it('shows code that compiles', async () => {
    const { root } = newClone()
    mkdirSync(path.join(root, 'examples'), { recursive: true })
    const examples = pages
      .filter(({ file }) => !['README.md', 'docs/tutorial.md'].includes(file))
      .flatMap((each) =>
        blocks(each).map((block, i) => ({ ...block, from: `${each.file.replaceAll(/\W/g, '_')}_${i}.ts` })),
      )
      .filter(({ language }) => language === 'ts')
    expect(examples.length).to.be.above(0)
    for (const { from, text } of examples) writeFileSync(path.join(root, 'examples', from), `${text}export {}\n`)
    expect(await compile(root)).to.equal('')
  })

  it('has links that lead to files and headings', () => {
    const broken = pages.flatMap((each) =>
      links(each)
        .filter((target) => !leads(each, target))
        .map((target) => `${each.file}: ${target}`),
    )
    expect(broken).to.deep.equal([])
  })

  it('has every page in its index', () => {
    const index = page('docs/index.md')
    const listed = new Set(links(index).map((target) => path.join('docs', target)))
    const lost = pages.map(({ file }) => file).filter((file) => file.startsWith('docs/') && !listed.has(file))
    expect(lost).to.deep.equal(['docs/index.md'])
  })

  it('has reference pages that match the code', () => {
    expect(stale()).to.deep.equal([])
  })

  it('names only npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(path.join(REPOSITORY, 'package.json'), 'utf8')) as { scripts: object }
    const named = pages.flatMap(({ file, text }) =>
      [...text.matchAll(/\bnpm (?:run ([\w:]+)|(start|test)\b)/g)].map((found) => ({
        file,
        name: found[1] ?? found[2] ?? '',
      })),
    )
    expect(named.length).to.be.above(0)
    expect(named.filter(({ name }) => !Object.hasOwn(scripts, name))).to.deep.equal([])
  })

  it('names only commands that exist', async () => {
    const { output } = await run(path.join(REPOSITORY, 'manage.ts'), ['help', '--commands'], REPOSITORY)
    const known = output.trim().split('\n')
    const named = pages.flatMap(({ file, text }) =>
      [...text.matchAll(/\.\/manage\.ts ([a-z]\w*)/g)].map((found) => ({ file, name: found[1] ?? '' })),
    )
    // From the page on writing commands, and from an app that the sample project does not have.
    const own = new Set(['greet', 'sessions'])
    expect(named.filter(({ name }) => !known.includes(name) && !own.has(name))).to.deep.equal([])
    const reference = page('docs/reference/commands.md')
    expect(known.filter((name) => !anchors(reference).has(name))).to.deep.equal([])
  })

  it('names only settings that exist', () => {
    const unknown = pages.flatMap((each) =>
      [...prose(each).matchAll(/`([A-Z][A-Z0-9_]{2,})(?:[.[][^`]*)?`/g)]
        .map((found) => found[1] as string)
        .filter((name) => !Object.hasOwn(schema, name.replace(/^NUAGES_/, '')) && !NO_SETTINGS.has(name))
        .map((name) => `${each.file}: ${name}`),
    )
    expect(unknown).to.deep.equal([])
  })

  it('names only modules of the framework that exist', async () => {
    const lost: string[] = []
    for (const each of pages) {
      for (const [, name = ''] of prose(each).matchAll(/`((?:core|django\.(?:contrib|core|middleware))\.[\w.]+)`/g)) {
        if (!(await exists(name))) lost.push(`${each.file}: ${name}`)
      }
    }
    expect(lost).to.deep.equal([])
  })

  it('lists all middleware of the framework', async () => {
    const { text } = page('docs/topics/middleware.md')
    const folder = path.join(REPOSITORY, 'core', 'middleware')
    const all: string[] = []
    for (const file of readdirSync(folder).filter((each) => each.endsWith('.ts'))) {
      const module = (await import(path.join(folder, file))) as object
      const names = Object.keys(module).filter((name) => name.endsWith('Middleware'))
      all.push(...names.map((name) => `core.middleware.${path.basename(file, '.ts')}.${name}`))
    }
    expect(all.filter((name) => !name.startsWith('core.middleware.index.') && !text.includes(name))).to.deep.equal([])
  })

  it('gives a reason for every dependency', () => {
    const manifest = JSON.parse(readFileSync(path.join(REPOSITORY, 'package.json'), 'utf8')) as Record<
      'dependencies' | 'devDependencies',
      Record<string, string>
    >
    const names = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })
    const { text } = page('docs/decisions/0003-dependencies.md')
    expect(names.filter((name) => !name.startsWith('@types/') && !text.includes(`**${name}`))).to.deep.equal([])
  })
})

/** Whether a dotted name is a module or a directory, or an export of a module. */
async function exists(name: string): Promise<boolean> {
  const isThere = moduleFile(name, REPOSITORY) ?? folderOf(name, REPOSITORY)
  if (isThere !== undefined) return true
  const dot = name.lastIndexOf('.')
  const file = moduleFile(name.slice(0, dot), REPOSITORY)
  return file !== undefined && Object.hasOwn((await import(file)) as object, name.slice(dot + 1))
}

/** Whether the file of a link, and its heading, exist. */
function leads(from: Page, target: string): boolean {
  const [file = '', anchor] = target.split('#')
  const to = file === '' ? from.file : path.join(path.dirname(from.file), file)
  if (!existsSync(path.join(REPOSITORY, to))) return false
  return anchor === undefined || anchors(page(to)).has(anchor)
}
