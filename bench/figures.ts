/** Formats figures for tables. */

const number = (digits: number): ((value: number) => string) => {
  const format = new Intl.NumberFormat('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return (value) => format.format(value)
}

export const [whole, tenths, hundredths, thousandths] = [number(0), number(1), number(2), number(3)]

/** A spread, such as `±7 %`. Empty if it is undefined. */
export const plusMinus = (share: number | undefined): string => (share === undefined ? '' : `±${whole(share * 100)} %`)

/** Rounded down, so that only a share of 1 is shown as `100 %`. */
export const percent = (share: number): string => `${Math.floor(share * 10_000) / 100} %`

export const megabytes = (bytes: number): string => whole(bytes / 2 ** 20)

/** A change, such as `+7.0 %`. */
export const plusMinusPercent = (share: number): string => `${share < 0 ? '' : '+'}${(share * 100).toFixed(1)} %`
