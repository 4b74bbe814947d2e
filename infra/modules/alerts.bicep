// Alerts over the app's log and a workbook: queries/*.kql, whose steps and fields docs/logs.md describes.

param location string
param tags object
@description('Prefix and suffix of the installation.')
param installation string
@description('Application Insights of the app.')
param insightsName string
param actionGroupIds array
param exposedMinutes int
param latentMinutes int
param noSweepMinutes int

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

var rules = [
  {
    name: 'exposed'
    title: 'a path is exposed'
    severity: 1
    query: replace(
      replace(loadTextContent('../queries/exposed.kql'), 'let minutes = 15;', 'let minutes = ${exposedMinutes};'),
      'let latentMinutes = 1500;',
      'let latentMinutes = ${latentMinutes};'
    )
    frequency: 'PT5M'
    window: 'PT3H'
    dimensions: ['vmId', 'vip', 'exposure']
  }
  {
    name: 'run-failed'
    title: 'a run failed'
    severity: 2
    query: loadTextContent('../queries/run-failed.kql')
    frequency: 'PT15M'
    window: 'PT15M'
    dimensions: ['runId']
  }
  {
    name: 'dead-letter'
    title: 'the app gave up on a message'
    severity: 2
    query: loadTextContent('../queries/dead-letter.kql')
    frequency: 'PT15M'
    window: 'PT15M'
    dimensions: []
  }
  {
    name: 'halted'
    title: 'a rollout was halted'
    severity: 2
    query: loadTextContent('../queries/halted.kql')
    frequency: 'PT15M'
    window: 'PT15M'
    dimensions: ['frontendId']
  }
  {
    name: 'azure-refuses'
    title: 'Azure refuses'
    severity: 1
    query: loadTextContent('../queries/azure-refuses.kql')
    frequency: 'PT15M'
    window: 'PT30M'
    dimensions: ['subscriptionId', 'action']
  }
  {
    name: 'no-sweep'
    title: 'no sweep has ended in two intervals'
    severity: 1
    query: replace(
      loadTextContent('../queries/no-sweep.kql'),
      'let minutes = 130;',
      'let minutes = ${noSweepMinutes};'
    )
    frequency: 'PT15M'
    // What a rule can look back upon by itself: two intervals of a sweep each day.
    window: 'P2D'
    dimensions: []
  }
]

resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: 'alert-${installation}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'ILB Hairpin Guard ${installation}: ${rule.title}'
      description: 'Query in infra/queries/${rule.name}.kql.'
      severity: rule.severity
      enabled: true
      scopes: [insights.id]
      evaluationFrequency: rule.frequency
      windowSize: rule.window
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            dimensions: [for name in rule.dimensions: { name: name, operator: 'Include', values: ['*'] }]
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      autoMitigate: true
      // A table that has no rows yet is refused otherwise.
      skipQueryValidation: true
      actions: { actionGroups: actionGroupIds }
    }
  }
]

var panels = [
  {
    name: 'person'
    title: 'What waits for a person'
    query: loadTextContent('../queries/workbook-person.kql')
    visualization: 'table'
  }
  {
    name: 'exposure'
    title: 'Exposed paths'
    query: loadTextContent('../queries/workbook-exposure.kql')
    visualization: 'timechart'
  }
  {
    name: 'failover'
    title: 'From failover to proof'
    query: loadTextContent('../queries/workbook-failover.kql')
    visualization: 'table'
  }
  {
    name: 'proof-age'
    title: 'When each VM was last seen to be right'
    query: loadTextContent('../queries/workbook-proof-age.kql')
    visualization: 'table'
  }
  {
    name: 'findings'
    title: 'Findings'
    query: loadTextContent('../queries/workbook-findings.kql')
    visualization: 'barchart'
  }
  {
    name: 'runs'
    title: 'Runs'
    query: loadTextContent('../queries/workbook-runs.kql')
    visualization: 'table'
  }
]

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  // A second one of the same name is refused: this is always the same.
  name: guid(installation, 'workbook')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'ILB Hairpin Guard ${installation}'
    category: 'workbook'
    sourceId: insights.id
    serializedData: string({
      version: 'Notebook/1.0'
      items: map(panels, panel => {
        type: 3
        name: panel.name
        content: {
          version: 'KqlItem/1.0'
          title: panel.title
          query: panel.query
          size: 0
          queryType: 0
          resourceType: 'microsoft.insights/components'
          visualization: panel.visualization
          timeContext: { durationMs: 604800000 }
        }
      })
    })
  }
}
