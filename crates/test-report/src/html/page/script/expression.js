// @ts-check

/** Three values, so that `and` is the least and `or` the greatest. */
export const NO = 0;
export const UNKNOWN = 1;
export const YES = 2;

/** No expression that somebody writes is longer; it bounds how deep one is nested. */
const LONGEST = 1000;

/**
 * @typedef {(has: (name: string) => number) => number} Expression
 */

/**
 * Reads a marker expression: names, `and`, `or`, `not` and parentheses, as pytest's `-m`. Arguments of markers are not
 * taken.
 * @param {string} text
 * @returns {Expression | null} nothing for an empty text
 * @throws {SyntaxError} with what is wrong, for people
 */
export function parseExpression(text) {
  if (text.length > LONGEST) throw new SyntaxError(`an expression has at most ${LONGEST} characters here`);
  const tokens = tokensOf(text);
  if (tokens.length === 0) return null;
  let next = 0;

  /** @returns {Expression} */
  const either = () => {
    let left = both();
    while (tokens[next]?.text === "or") {
      next += 1;
      const [one, other] = [left, both()];
      left = (has) => Math.max(one(has), other(has));
    }
    return left;
  };
  /** @returns {Expression} */
  const both = () => {
    let left = negated();
    while (tokens[next]?.text === "and") {
      next += 1;
      const [one, other] = [left, negated()];
      left = (has) => Math.min(one(has), other(has));
    }
    return left;
  };
  /** @returns {Expression} */
  const negated = () => {
    const token = tokens[next];
    if (!token) throw new SyntaxError("a marker is missing at the end");
    next += 1;
    if (token.text === "not") {
      const inner = negated();
      return (has) => YES - inner(has);
    }
    if (token.text === "(") {
      const inner = either();
      if (tokens[next]?.text !== ")") throw new SyntaxError(`the parenthesis of column ${token.column} is not closed`);
      next += 1;
      return inner;
    }
    if (token.text === "and" || token.text === "or" || token.text === ")") {
      throw new SyntaxError(`a marker is missing before \`${token.text}\` in column ${token.column}`);
    }
    if (tokens[next]?.text === "(") throw new SyntaxError(`arguments, as of \`${token.text}\`, are not taken here`);
    return (has) => has(token.text);
  };

  const expression = either();
  const rest = tokens[next];
  if (rest) throw new SyntaxError(`\`and\` or \`or\` is missing before \`${rest.text}\` in column ${rest.column}`);
  return expression;
}

/**
 * @param {string} text
 * @returns {{ text: string, column: number }[]}
 */
function tokensOf(text) {
  const tokens = [];
  const pattern = /\s*(?:([()])|([\w:+\-.[\]\\/]+)|(\S))/gu;
  for (const match of text.matchAll(pattern)) {
    const token = match[1] ?? match[2];
    const column = match.index + match[0].length - (token ?? match[3]).length + 1;
    if (token === undefined) throw new SyntaxError(`\`${match[3]}\` in column ${column} is part of no marker`);
    tokens.push({ text: token, column });
  }
  return tokens;
}
