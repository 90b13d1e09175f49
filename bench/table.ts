/** Formats rows of strings as aligned columns. */

/** The first `words` columns are aligned left, the others right. An empty row becomes an empty line. */
export function alignedTable(rows: readonly (readonly string[])[], words: number): string {
  const widths: number[] = []
  for (const row of rows) row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)))
  const aligned = (cell: string, column: number): string => {
    const width = widths[column] as number
    return column < words ? cell.padEnd(width) : cell.padStart(width)
  }
  return rows.map((row) => row.map(aligned).join('  ').trimEnd()).join('\n')
}
