/**
 * Scripts in a modelled guest run on this machine, as an ordinary user. What of the guest's own they would find or write
 * elsewhere is exchanged in their text.
 */

/** Folders that a guest has for itself. */
export const OWN_FOLDERS = ['/run', '/etc', '/usr/local/sbin', '/var/lib', '/tmp'];

const OWN_PATH = new RegExp(String.raw`(?<![\w.}/-])(${OWN_FOLDERS.join('|')})(?![\w.-])`, 'g');

/**
 * Paths in the guest's own folders lead below `folder`; `EUID`, which bash sets and nobody can change, becomes a variable
 * that says 0, as in a guest.
 */
export const fitScript = (script: string, folder: string): string =>
  script.replaceAll(OWN_PATH, `${folder}$1`).replaceAll(/\bEUID\b/g, 'HAIRPIN_EUID');
