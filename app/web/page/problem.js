/** What goes wrong at the service's end. */

/** @typedef {{pointer: string, message: string, hint?: string | null}} Issue */

/** What the service answered when it refused: a problem document (RFC 9457). */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {{detail?: string, title?: string, code?: string, issues?: Issue[]}} document
   */
  constructor(status, document) {
    super(document.detail ?? document.title ?? `Tjenesten svarte ${status}.`);
    this.status = status;
    this.code = document.code ?? "";
    this.issues = document.issues ?? [];
  }
}

/**
 * Whether it may go by itself: the service is away, or has too much to do.
 * @param {Problem} problem
 */
export const passing = ({ status }) => status === 0 || status === 429 || status >= 500;
