/** Types of the resources that this program knows, as parseResourceId gives them: in lower case. */

export const VM_TYPE = 'microsoft.compute/virtualmachines';
export const NIC_TYPE = 'microsoft.network/networkinterfaces';
export const LOAD_BALANCER_TYPE = 'microsoft.network/loadbalancers';
export const FRONTEND_TYPE = `${LOAD_BALANCER_TYPE}/frontendipconfigurations`;
export const RULE_TYPE = `${LOAD_BALANCER_TYPE}/loadbalancingrules`;
