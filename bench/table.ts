/** Rows of texts as aligned columns. */

/** The first columns are words and stand left, the others figures and stand right. An empty row is an empty line. */
export function alignedTable(rows: readonly (readonly string[])[], words: number): string {
  const widths: number[] = []
  for (const row of rows) row.forEach((cell, column) => (widths[column] = Math.max(widths[column] ?? 0, cell.length)))
  const aligned = (cell: string, column: number): string => {
    const width = widths[column] as number
    return column < words ? cell.padEnd(width) : cell.padStart(width)
  }
  return rows.map((row) => row.map(aligned).join('  ').trimEnd()).join('\n')
}
