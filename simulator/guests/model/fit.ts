/** Scripts in a modelled guest run as an ordinary user of this machine, so two things in them are exchanged. */

/**
 * `/run/` becomes the guest's own folder, which the user can write and other guests do not share; `EUID`, which bash sets
 * and nobody can change, becomes a variable that says 0, as in a guest.
 */
export const fitScript = (script: string, folder: string): string =>
  script.replaceAll(/(?<![\w.}-])\/run\//g, `${folder}/run/`).replaceAll(/\bEUID\b/g, 'HAIRPIN_EUID');
