/**
 * Scripts in a modelled guest run on this machine, as an ordinary user. What of the guest's own they would find or write
 * elsewhere is exchanged in their text.
 */

/** Folders that a guest has for itself. */
export const OWN_FOLDERS = ['/run', '/etc', '/usr/local/sbin', '/var/lib', '/tmp'];

const OWN_PATH = new RegExp(String.raw`(?<![\w.}/-])(${OWN_FOLDERS.join('|')})(?![\w.-])`, 'g');

/** Functions of guard.sh that reach for what this machine has for itself, and their bodies in a modelled guest. */
export const OWN_FUNCTIONS = {
  // A connection is the model's: its program tells how it went, and holds it until it is ended.
  tcp_connect: '  exec connect "$1" "$2" "$3" >"$4"',
  // There is no firewall in a modelled guest, and this machine's are none of it.
  look_at_lost: '  :',
} as const;

const OWN_FUNCTION = new RegExp(String.raw`^(${Object.keys(OWN_FUNCTIONS).join('|')})\(\) \{.*\n[^]*?^\}$`, 'gm');

/**
 * Paths in the guest's own folders lead below `folder`; `EUID`, which bash sets and nobody can change, becomes a variable
 * that says 0, as in a guest; and what would reach for this machine's network is left to the model.
 */
export const fitScript = (script: string, folder: string): string =>
  script
    .replaceAll(OWN_FUNCTION, (_, name: keyof typeof OWN_FUNCTIONS) => `${name}() {\n${OWN_FUNCTIONS[name]}\n}`)
    .replaceAll(OWN_PATH, `${folder}$1`)
    .replaceAll(/\bEUID\b/g, 'HAIRPIN_EUID');
