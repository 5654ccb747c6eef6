import { serve } from '#core/cluster/serving.ts';
import { createExec } from '#core/system/exec.ts';

// a program that serves and says its process id, as kubectl would
const words = ['sh', '-c', 'echo "serving $$"; exec sleep 60'] as const;
const { ready } = await serve(createExec(process.env), [...words], /^serving /, new AbortController());
console.log('value' in ready ? ready.value : ready.unknown);
