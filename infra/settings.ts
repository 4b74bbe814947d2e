/**
 * The settings that the template takes as a parameter, as a Bicep type: every setting of the app that the template does
 * not make itself, so that one that is unknown or out of its range is refused before anything is deployed.
 */
import { SETTINGS, type Setting } from '../shared/settings/settings.ts';

/** What modules/app.bicep sets itself, or what never comes with storage by identity. */
const NOT_A_PARAMETER: readonly string[] = [
  'HAIRPIN_SUBSCRIPTIONS',
  'HAIRPIN_SCOPE',
  'HAIRPIN_ENFORCEMENT',
  'HAIRPIN_COMMAND_TAGS',
  'HAIRPIN_SWEEP_SCHEDULE',
  'HAIRPIN_WATCH_SCHEDULE',
  'HAIRPIN_EVENTS_TOPIC',
  'HAIRPIN_ARM_ENDPOINT',
  'HAIRPIN_ARM_AUDIENCE',
];

const quoted = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('${', '\\${')}'`;

function typeOf(setting: Setting): { decorators: string[]; type: string } {
  switch (setting.kind) {
    case 'whole':
      return { decorators: [`@minValue(${setting.least})`, `@maxValue(${setting.most})`], type: 'int?' };
    case 'word':
      return { decorators: [], type: `(${setting.words.map(quoted).join(' | ')})?` };
    default:
      return { decorators: [], type: 'string?' };
  }
}

/** The file infra/settings.bicep. */
export function settingsBicep(): string {
  const members = Object.entries<Setting>(SETTINGS)
    .filter(([name]) => name.startsWith('HAIRPIN_') && !NOT_A_PARAMETER.includes(name))
    .map(([name, setting]) => {
      const { decorators, type } = typeOf(setting);
      return [`@description(${quoted(setting.meaning)})`, ...decorators, `${name}: ${type}`]
        .map((line) => `  ${line}`)
        .join('\n');
    });
  return `// Made by npm run infra from shared/settings/settings.ts.

@export()
@sealed()
@description('Settings of the app that the template does not make itself. What is left out has its value in the app.')
type Settings = {
${members.join('\n\n')}
}
`;
}
