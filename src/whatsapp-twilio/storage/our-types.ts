/** PostgreSQL's ids of int8, int2 and int4. */
const NUMBERS = new Set([20, 21, 23]);

/** How our columns are read: texts and numbers. Our only bigints are times and sequence numbers, which a number holds. */
export const ourTypes = {
  getTypeParser: (oid: number): ((value: string) => unknown) => (NUMBERS.has(oid) ? Number : String),
};
