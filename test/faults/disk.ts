/** Small file systems of their own, which can be filled up and made read-only. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const mounted = new Set<string>()
let folderOfAll: string | undefined

/** A new folder inside the temporary directory of this run, which `removeAll` removes. */
function newFolder(name: string): string {
  folderOfAll ??= mkdtempSync(path.join(tmpdir(), 'nuages-faults-'))
  return mkdtempSync(path.join(folderOfAll, `${name}-`))
}

/** @throws Error with the program's message */
export function run(program: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr || stdout}`.trim())
  return stdout
}

/** A folder on a tmpfs, if this process may mount one; otherwise an ordinary folder, whose faults are skipped. */
export class Disk {
  readonly path: string
  readonly isMounted: boolean

  /** @param megabytes the size of the file system */
  constructor(name: string, megabytes: number) {
    this.path = newFolder(name)
    const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=755`, 'tmpfs', this.path])
    this.isMounted = mount.status === 0
    if (this.isMounted) mounted.add(this.path)
  }

  /** Leaves no byte free. */
  fill(): void {
    if (!this.isMounted) throw new Error(`${this.path} is not a file system of its own.`)
    for (const size of [1 << 20, 4096]) {
      try {
        for (;;) writeFileSync(this.#filler, Buffer.alloc(size), { flag: 'a' })
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
      }
    }
  }

  empty(): void {
    rmSync(this.#filler, { force: true })
  }

  get #filler(): string {
    return path.join(this.path, '.filler')
  }

  /** @throws Error while a file is open for writing */
  makeReadOnly(): void {
    run('mount', '-o', 'remount,ro', this.path)
  }

  makeWritable(): void {
    run('mount', '-o', 'remount,rw', this.path)
  }

  remove(): void {
    if (mounted.delete(this.path)) unmount(this.path)
    rmSync(this.path, { recursive: true, force: true })
  }
}

/** Also what was mounted on top of it. The option: at once, although a process that was just killed has files open. */
function unmount(folder: string): void {
  while (spawnSync('umount', ['-l', folder]).status === 0);
}

/** Unmounts and removes everything. Synchronous, so that it can run when the process exits. */
export function removeAll(): void {
  for (const folder of mounted) unmount(folder)
  mounted.clear()
  if (folderOfAll !== undefined) rmSync(folderOfAll, { recursive: true, force: true })
  folderOfAll = undefined
}
