import { Refusal } from '#core/values/errors.ts';

/** Packer could not build an image: the message begins with the cause, the log has all that Packer printed. */
export class BuildFailure extends Refusal {
  readonly template: string;
  /** Lines of the output that say why; empty where none does. */
  readonly reasons: readonly string[];

  constructor(image: string, template: string, exit: string, reasons: readonly string[]) {
    const why = reasons.length === 0 ? `packer build ${exit} without a reason` : reasons.join('\n');
    super(
      `${image} was not built from ${template}: ${why}${reasons.length > 1 ? '\n' : ' '}(the log above has the rest)`,
    );
    this.template = template;
    this.reasons = reasons;
  }
}
