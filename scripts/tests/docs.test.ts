import { expect, test } from '@jest/globals';
import { fillModuleReadme } from '../docs.ts';

const readme = '# m\n\nA module.\n\n<!-- inputs -->\n<!-- /inputs -->\n<!-- outputs -->\n<!-- /outputs -->\n';
const outputs = 'output "arns" {\n  description = "ARNs, by name."\n  value = 1\n}\n';
const variables = `variable "names" {
  description = "Names: <project>-a or \\"b\\" | c."
  type = object({
    a = string
    b = optional(list(number), [1, 2]) # a comment
  })
}
variable "tags" {
  description = "Tags."
  type        = map(string)
  default     = {}
  validation {
    condition     = true
    error_message = "never"
  }
}
`;

test('a module’s README has a row for each variable and output', () => {
  expect(fillModuleReadme(readme, variables, outputs)).toMatchInlineSnapshot(`
"# m

A module.

<!-- inputs -->

| input | what it is | type | default |
| --- | --- | --- | --- |
| \`names\` | Names: \\<project>-a or "b" \\| c. | \`object({ a = string, b = optional(list(number), [1, 2]) })\` | required |
| \`tags\` | Tags. | \`map(string)\` | \`{}\` |

<!-- /inputs -->
<!-- outputs -->

| output | what it is |
| --- | --- |
| \`arns\` | ARNs, by name. |

<!-- /outputs -->
"
`);
});

test('what is not described is refused', () => {
  const bare = 'variable "names" {\n  type = string\n}\n';
  expect(() => fillModuleReadme(readme, bare, outputs)).toThrow('variable names has no description: write one');
});
