/** A field that is not answered, with the kind that GitHub gives such an error. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly type: 'NOT_FOUND' | 'FORBIDDEN' | 'UNPROCESSABLE' | 'NOT_IMPLEMENTED';
  constructor(type: Refused['type'], message: string) {
    super(message);
    this.type = type;
  }
}
