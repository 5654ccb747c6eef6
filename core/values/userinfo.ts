/** A URL's scheme (of some length at most: else a long text of dots takes minutes) and what stands before the @ of its authority: `https://name:password@`. */
const USERINFO = /\b([a-z][a-z0-9+.-]{0,40}):\/\/([^\s/?#'"<>`]*)@/gi;
/** The same in a URL that is itself percent-encoded, as in the query of another one. */
const ENCODED = /(%3A%2F%2F)(?:(?!%2F|%3F|%23)[^\s/?#'"<>`&])+%40/gi;

/**
 * Returns text without the credentials of the URLs in it: `https://***@host`. A name alone stays where it is a login and
 * no secret: `ssh://git@host`.
 */
export function hideUserinfo(text: string): string {
  return text
    .replace(USERINFO, (whole, scheme: string, userinfo: string) =>
      /^(git\+)?ssh(\+git)?$/i.test(scheme) && !userinfo.includes(':') ? whole : `${scheme}://***@`,
    )
    .replace(ENCODED, '$1***%40');
}
