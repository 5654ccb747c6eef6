import type { LifecycleImage } from '#core/aws/ecr-lifecycle/image.ts';
import type { Selection } from '#core/aws/ecr-lifecycle/policy.ts';

/**
 * True when a rule identifies the image, whatever its age: its storage class, its tag status, and a tag for every entry
 * of the list (LifecyclePolicies: "all of the tags in the list are matched against any of the image's tags").
 */
export function isSelected(selection: Selection, image: LifecycleImage): boolean {
  if (selection.storageClass !== storageClassOf(image)) return false;
  switch (selection.tagStatus) {
    case 'any':
      return true;
    case 'untagged':
      return image.tags.length === 0;
    case 'tagged':
      return tagTests(selection).every((matches) => image.tags.some(matches));
  }
}

/** Returns where an image is stored; one that is being restored is standard again. */
export function storageClassOf(image: LifecycleImage): Selection['storageClass'] {
  return image.status === 'archived' ? 'archive' : 'standard';
}

/** True when a rule can only ever identify images that have a tag beginning with `prefix`. */
export function demandsPrefix({ tagStatus, tagPatternList, tagPrefixList }: Selection, prefix: string): boolean {
  if (tagStatus !== 'tagged') return false;
  return (tagPatternList ?? tagPrefixList ?? []).some((entry) => entry.startsWith(prefix));
}

function tagTests({ tagPatternList, tagPrefixList }: Selection): ((tag: string) => boolean)[] {
  if (tagPatternList !== undefined) return tagPatternList.map(compilePattern);
  return (tagPrefixList ?? []).map((prefix) => (tag: string) => tag.startsWith(prefix));
}

/** Matches pieces in order, leftmost first, with no regular expression: a pattern comes from outside. */
function compilePattern(pattern: string): (tag: string) => boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return (tag) => tag === first;
  return (tag) => {
    if (!tag.startsWith(first)) return false;
    let at = first.length;
    for (const piece of rest) {
      const found = tag.indexOf(piece, at);
      if (found === -1) return false;
      at = found + piece.length;
    }
    return tag.length - last.length >= at && tag.endsWith(last);
  };
}
