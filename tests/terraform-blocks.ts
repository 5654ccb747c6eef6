/** A block of Terraform's language: `resource "aws_s3_bucket" "state" { … }`. */
export interface Block {
  readonly type: string;
  readonly labels: readonly string[];
  /** Its arguments by name, each as its tokens joined by spaces, without comments: `var . deletion_protection`. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly blocks: readonly Block[];
}

/**
 * Returns the blocks of a .tf file; expressions are not evaluated. Throws where the text ends within a block, a string
 * or a comment. https://developer.hashicorp.com/terraform/language/syntax/configuration
 */
export function parseBlocks(text: string): readonly Block[] {
  const tokens = tokenize(text);
  const body = readBody(tokens, 0);
  if (body.end < tokens.length)
    throw new Error(`there is a } too many: ${tokens.slice(body.end, body.end + 5).join(' ')}`);
  return body.blocks;
}

/** Returns the comments of a .tf or .tfvars file, with their marks; throws where a string or a comment does not end. */
export function readComments(text: string): string[] {
  return scan(text).filter((token) => COMMENT.test(token));
}

/** A comment, a here-document, white space, a word or number, a line end, any other character; strings have their own reader. */
const TOKEN = /#.*|\/\/.*|\/\*[\s\S]*?\*\/|<<-?(\w+)\n[\s\S]*?\n\s*\1\b|\n|[^\S\n]+|[\w-]+|[\s\S]/y;
const OPEN = ['{', '[', '('];
const CLOSE = ['}', ']', ')'];

const COMMENT = /^(?:#|\/\/|\/\*)/;

/** Returns what an argument or a block is made of: no comments, no white space. */
function tokenize(text: string): string[] {
  return scan(text).filter((token) => !COMMENT.test(token) && !/^[^\S\n]/.test(token));
}

function scan(text: string): string[] {
  const tokens: string[] = [];
  let at = 0;
  while (at < text.length) {
    TOKEN.lastIndex = at;
    const token = text[at] === '"' ? text.slice(at, findStringEnd(text, at)) : (TOKEN.exec(text)?.[0] ?? '');
    if (text.startsWith('/*', at) && token.length < 4) throw new Error('a comment does not end');
    at += token.length;
    tokens.push(token);
  }
  return tokens;
}

/** Returns where the string that begins at `start` ends; `"${join(", ", names)}"` has others within. */
function findStringEnd(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length) {
    if (text[at] === '"') return at + 1;
    if (text[at] === '\\') at += 2;
    else if (text.startsWith('$${', at) || text.startsWith('%%{', at)) at += 3;
    else if (text.startsWith('${', at) || text.startsWith('%{', at)) at = findTemplateEnd(text, at + 2);
    else at += 1;
  }
  throw new Error(`a string does not end: ${text.slice(start, start + 40)}`);
}

function findTemplateEnd(text: string, start: number): number {
  let depth = 1;
  let at = start;
  while (at < text.length && depth > 0) {
    if (text[at] === '"') at = findStringEnd(text, at);
    else {
      if (text[at] === '{') depth += 1;
      if (text[at] === '}') depth -= 1;
      at += 1;
    }
  }
  return at;
}

type Body = Pick<Block, 'attributes' | 'blocks'> & { readonly end: number };

/** Reads arguments and blocks up to the `}` that ends them, or the end of the text. */
function readBody(tokens: readonly string[], start: number): Body {
  const attributes = new Map<string, string>();
  const blocks: Block[] = [];
  let at = start;
  while (at < tokens.length && tokens[at] !== '}') {
    const name = tokens[at] ?? '';
    if (name === '\n') at += 1;
    else if (tokens[at + 1] === '=') {
      const end = findExpressionEnd(tokens, at + 2);
      attributes.set(
        name,
        tokens
          .slice(at + 2, end)
          .filter((token) => token !== '\n')
          .join(' '),
      );
      at = end;
    } else {
      const open = tokens.indexOf('{', at);
      if (open < 0) throw new Error(`${name} is neither an argument nor a block`);
      const { end, ...body } = readBody(tokens, open + 1);
      if (tokens[end] !== '}') throw new Error(`the block ${name} does not end`);
      const labels = tokens.slice(at + 1, open).map((label) => label.replaceAll('"', ''));
      blocks.push({ type: name, labels, ...body });
      at = end + 1;
    }
  }
  return { attributes, blocks, end: at };
}

/** An expression ends with its line, unless a bracket is open. */
function findExpressionEnd(tokens: readonly string[], start: number): number {
  let depth = 0;
  let at = start;
  for (; at < tokens.length; at += 1) {
    const token = tokens[at] ?? '';
    if (depth === 0 && (token === '\n' || token === '}')) return at;
    if (OPEN.includes(token)) depth += 1;
    if (CLOSE.includes(token)) depth -= 1;
  }
  return at;
}
