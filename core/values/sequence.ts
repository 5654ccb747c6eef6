/** A run of items that differs: `[from, to)` of the one sequence where `[start, end)` of the other is. */
export interface Gap {
  readonly from: number;
  readonly to: number;
  readonly start: number;
  readonly end: number;
}

/** Edits that are looked for; two sequences further apart are shown as one gap. */
const MOST_EDITS = 400;

/** Returns where two sequences differ, in order: the fewest edits (Myers, 1986), or one gap where there are too many. */
export function findGaps(one: readonly string[], other: readonly string[]): Gap[] {
  let head = 0;
  while (head < one.length && head < other.length && one[head] === other[head]) head++;
  let tail = 0;
  const most = Math.min(one.length, other.length) - head;
  while (tail < most && one[one.length - 1 - tail] === other[other.length - 1 - tail]) tail++;
  const [to, end] = [one.length - tail, other.length - tail];
  if (head === to && head === end) return [];
  const whole: Gap = { from: head, to, start: head, end };
  if (head === to || head === end) return [whole];
  const trace = searchEdits(one.slice(head, to), other.slice(head, end));
  return trace === undefined ? [whole] : joinEdits(walkBack(trace, to - head, end - head), head);
}

/** Returns the furthest points of each number of edits, as arrays over the diagonals; undefined past the most. */
function searchEdits(one: readonly string[], other: readonly string[]): Int32Array[] | undefined {
  const [width, height] = [one.length, other.length];
  const most = Math.min(MOST_EDITS, width + height);
  const trace: Int32Array[] = [];
  let furthest = new Int32Array(2 * most + 3);
  for (let edits = 0; edits <= most; edits++) {
    const next = furthest.slice();
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = stepFrom(furthest, edits, diagonal, most);
      while (x < width && x - diagonal < height && one[x] === other[x - diagonal]) x++;
      next[diagonal + most + 1] = x;
      if (x >= width && x - diagonal >= height) return [...trace, furthest];
    }
    trace.push(furthest);
    furthest = next;
  }
  return undefined;
}

function isDown(furthest: Int32Array, edits: number, diagonal: number, most: number): boolean {
  const at = (one: number): number => furthest[one + most + 1] ?? 0;
  return diagonal === -edits || (diagonal !== edits && at(diagonal - 1) < at(diagonal + 1));
}

function stepFrom(furthest: Int32Array, edits: number, diagonal: number, most: number): number {
  const at = (one: number): number => furthest[one + most + 1] ?? 0;
  if (edits === 0) return 0;
  return isDown(furthest, edits, diagonal, most) ? at(diagonal + 1) : at(diagonal - 1) + 1;
}

/** Returns the single edits, the last one first. */
function walkBack(trace: readonly Int32Array[], width: number, height: number): Gap[] {
  const most = Math.min(MOST_EDITS, width + height);
  const edits: Gap[] = [];
  let [x, y] = [width, height];
  for (let count = trace.length - 1; count > 0; count--) {
    const furthest = trace[count] as Int32Array; // count is inside
    const isInsert = isDown(furthest, count, x - y, most);
    const diagonal = isInsert ? x - y + 1 : x - y - 1;
    const [beforeX, beforeY] = [furthest[diagonal + most + 1] ?? 0, (furthest[diagonal + most + 1] ?? 0) - diagonal];
    edits.push({
      from: beforeX,
      to: isInsert ? beforeX : beforeX + 1,
      start: beforeY,
      end: isInsert ? beforeY + 1 : beforeY,
    });
    [x, y] = [beforeX, beforeY];
  }
  return edits;
}

/** Joins edits that touch. */
function joinEdits(edits: readonly Gap[], offset: number): Gap[] {
  const gaps: Gap[] = [];
  for (const edit of edits.toReversed()) {
    const moved = {
      from: edit.from + offset,
      to: edit.to + offset,
      start: edit.start + offset,
      end: edit.end + offset,
    };
    const last = gaps.at(-1);
    if (last !== undefined && last.to === moved.from && last.end === moved.start)
      gaps[gaps.length - 1] = { from: last.from, to: moved.to, start: last.start, end: moved.end };
    else gaps.push(moved);
  }
  return gaps;
}
