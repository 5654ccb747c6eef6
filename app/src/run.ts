import { openSandbox, SandboxError, type SandboxRun } from './sandbox.ts';

/** The sandbox checks it; files are in base64. */
type Asked = Omit<SandboxRun, 'files'> & { readonly files?: Readonly<Record<string, string>> };

/** Runs what standard input asks for in the sandbox, and prints what came of it: JSON, as docs/sandbox.md describes it. */
async function main(): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) chunks.push(chunk);
  const { files: given = {}, ...wanted } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Asked;
  const decoded = Object.entries(given).map(([path, content]) => [path, Buffer.from(content, 'base64')]);
  const { files, ...result } = await openSandbox(process.env['SANDBOX_URL'] ?? 'http://dev-sandbox').run({
    ...wanted,
    files: Object.fromEntries(decoded),
  });
  const encoded = Object.entries(files).map(([path, bytes]) => [path, Buffer.from(bytes).toString('base64')]);
  process.stdout.write(`${JSON.stringify({ ...result, files: Object.fromEntries(encoded) })}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(
    `${error instanceof SandboxError || error instanceof SyntaxError ? error.message : String(error)}\n`,
  );
  process.exitCode = 1;
});
