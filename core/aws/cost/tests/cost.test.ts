import { describe, expect, test } from '@jest/globals';
import { estimateCost } from '#core/aws/cost/estimate.ts';
import { parsePlannedResources } from '#core/aws/cost/plan.ts';
import { parsePrices } from '#core/aws/cost/prices.ts';
import { renderCost } from '#core/aws/cost/render.ts';

const part = { what: 'requests', unit: 'million requests', price: 0.5, low: 1, high: 4 };
const assumed = { ...part, what: 'data out', assumes: 'ten pulls of 1 GB.' };
const prices = (parts: object[] = [part]) =>
  parsePrices(
    'prices.json',
    JSON.stringify({
      asOf: '2026-11-24',
      region: 'ca-central-1',
      currency: 'US$',
      note: 'A note.',
      groups: [
        { name: 'queues', tenantSays: '$0-5', pages: ['https://example.com/'], types: { aws_sqs_queue: parts } },
      ],
      outside: [
        {
          name: 'cluster',
          tenantSays: '$12+',
          pages: ['https://example.com/'],
          parts: [{ ...part, price: 12, high: 1 }],
        },
      ],
    }),
  );
const planOf = (...types: string[]) =>
  JSON.stringify({
    planned_values: {
      root_module: {
        resources: [
          { address: 'data.aws_region.r', mode: 'data', type: 'aws_region' },
          { address: 'terraform_data.tenant', mode: 'managed', type: 'terraform_data' },
        ],
        child_modules: [
          {
            child_modules: [
              {
                resources: types.map((type, index) => ({
                  address: `module.a.module.b.${type}.x[${index}]`,
                  mode: 'managed',
                  type,
                })),
              },
            ],
          },
        ],
      },
    },
  });

test('usage is of each resource, the free part of all together', () => {
  const free = estimateCost(
    parsePlannedResources('p', planOf('aws_sqs_queue', 'aws_sqs_queue')),
    prices([{ ...part, free: 3 }]),
  );
  expect(free.groups[0]).toMatchObject({ low: 0, high: 2.5, counts: [{ type: 'aws_sqs_queue', count: 2 }] });
  expect(free).toMatchObject({ low: 12, high: 14.5 });
});

test('what the price table does not know is listed, never dropped', () => {
  const resources = parsePlannedResources('p', planOf('aws_sqs_queue', 'aws_nat_gateway'));
  const estimate = estimateCost(resources, prices());
  expect(estimate.unknown).toEqual([{ address: 'module.a.module.b.aws_nat_gateway.x[1]', type: 'aws_nat_gateway' }]);
  expect(renderCost(estimate, prices())).toContain('- `module.a.module.b.aws_nat_gateway.x[1]` (aws_nat_gateway)');
  expect(renderCost(estimate, prices())).toContain('**Not in the sum**');
});

test('the page', () => {
  expect(
    renderCost(estimateCost(parsePlannedResources('p', planOf('aws_sqs_queue')), prices([part, assumed])), prices()),
  ).toMatchInlineSnapshot(`
"# What it costs

Written by \`npm run cost\` from the plan of terraform/aws and [the price table](../terraform/prices.json): US$ a month in ca-central-1, prices of 2026-11-24. A note.

| | the tenant says | lower end | upper end |
| --- | --- | --- | --- |
| queues | $0-5 | $1.00 | $4.00 |
| cluster | $12+ | $12.00 | $12.00 |
| **all** | | **$13.00** | **$16.00** |

Every planned resource is in a line above.

## queues

1 × aws_sqs_queue. Prices: <https://example.com/>

| | price | free | lower end | | upper end | |
| --- | --- | --- | --- | --- | --- | --- |
| requests | $0.5 per million requests |  | 1 | $0.50 | 4 | $2.00 |
| data out | $0.5 per million requests |  | 1 | $0.50 | 4 | $2.00 |

- data out: ten pulls of 1 GB.

## cluster

Not at AWS, and not in the plan. Prices: <https://example.com/>

| | price | free | lower end | | upper end | |
| --- | --- | --- | --- | --- | --- | --- |
| requests | $12 per million requests |  | 1 | $12.00 | 1 | $12.00 |
"
`);
});

describe('what is not a plan has its sentence', () => {
  test.each(['', '{', '{}', '[]', '{"planned_values": {}}'])('%j', (text) => {
    expect(() => parsePlannedResources('plan.json', text)).toThrow('give the output of terraform show -json PLAN');
  });
  test('nor a price table', () => {
    expect(() => parsePrices('prices.json', '{"asOf": "yesterday"}')).toThrow('is not as a price table has it');
  });
});
